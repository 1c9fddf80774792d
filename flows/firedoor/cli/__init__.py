"""The command line. Commands are loaded when they are called, so that light ones stay light."""
