"""Actions on S3 buckets and objects; access points and the account's own settings: `s3control`."""
