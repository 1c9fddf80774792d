"""The resident as a service of a machine: a systemd unit, a container file."""

from __future__ import annotations

UNIT = """\
# /etc/systemd/system/firedoor.service
[Unit]
Description=firedoor: takes findings in, contains, keeps evidence
After=network-online.target
Wants=network-online.target

[Service]
User=firedoor
Group=firedoor
# FIREDOOR_HOOK_KEYS, AWS_REGION and the like; readable by root alone.
EnvironmentFile=/etc/firedoor/environment
Environment=FIREDOOR_HOME=/var/lib/firedoor FIREDOOR_SPOOL=/var/spool/firedoor
Environment=FIREDOOR_RUNBOOKS=/etc/firedoor/runbooks FIREDOOR_PLAYBOOKS=/etc/firedoor/playbooks
ExecStart=/opt/firedoor/bin/firedoor serve --host 127.0.0.1 --port 8420
# Steps at work come to their end; the rest goes on at the next start.
KillSignal=SIGTERM
TimeoutStopSec=120
Restart=always
RestartSec=2
StateDirectory=firedoor
StateDirectoryMode=0700
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=/var/lib/firedoor /var/spool/firedoor
ProtectHome=yes
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
LockPersonality=yes
MemoryMax=2G

[Install]
WantedBy=multi-user.target
"""

CONTAINER = """\
# Containerfile. State is in the volume; keys come from the environment.
FROM docker.io/library/python:3.11-slim
RUN useradd --system --create-home --home-dir /var/lib/firedoor firedoor
COPY requirements.lock pyproject.toml README.md /src/
COPY flows /src/flows
COPY runbooks /src/runbooks
COPY playbooks /src/playbooks
RUN pip install --no-cache-dir --require-hashes -r /src/requirements.lock \\
 && pip install --no-cache-dir --no-deps --no-build-isolation /src
USER firedoor
ENV FIREDOOR_HOME=/var/lib/firedoor FIREDOOR_LOG=json
# Prefect's database is prepared once, so that the first run starts fast.
RUN python -m firedoor.engine.server
VOLUME /var/lib/firedoor
EXPOSE 8420
# Behind a proxy that ends TLS, or with --tls-cert and --tls-key.
ENTRYPOINT ["firedoor", "serve", "--host", "0.0.0.0"]
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8420/readyz')"]
"""
