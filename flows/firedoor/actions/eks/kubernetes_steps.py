"""Say exactly what people do inside Kubernetes, where AWS's API does not reach.

firedoor does not speak to Kubernetes: its responder has no rights in there, and should have none
that an attacker could use. So this changes nothing and asks AWS for nothing: it writes the kubectl
commands for this namespace, workload, pod, node and user, in order, with what each does and how it
is taken back. They are kept as evidence, and what they would do stands under `unknown` until
somebody has done it: keep RBAC, aws-auth and the pod, cut the pod off the network, take it out of
its workload, cordon its node, take rights away.
Source: https://docs.aws.amazon.com/eks/latest/best-practices/incident-response-and-forensics.html
"""

from __future__ import annotations

import json
import shlex

import msgspec

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Permission
from firedoor.actions.eks._cluster import OfCluster
from firedoor.kinds import KubernetesName, KubernetesUser

PERMISSIONS: tuple[Permission, ...] = ()
EXAMPLE = {"cluster": "production", "namespace": "shop", "pod": "checkout-7d9f6c-x2x9z"}


class Input(OfCluster, frozen=True, kw_only=True):
    """The cluster, and what the finding names in it."""

    namespace: KubernetesName | None = None
    workload: KubernetesName | None = None
    pod: KubernetesName | None = None
    node: KubernetesName | None = None
    user: KubernetesUser | None = None


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command for a person: in which phase, what for, and how it is taken back."""

    phase: str
    what: str
    run: str
    undo: str = ""


class Output(contract.Output, frozen=True, kw_only=True):
    """The commands, in order."""

    commands: list[Command]
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The commands for what is named; names are quoted, whatever they hold."""
    region = given.region or aws.region
    found = [
        Command(
            phase="evidence",
            what="Speak to the cluster",
            run=_line(
                "aws", "eks", "update-kubeconfig", "--name", given.cluster, "--region", region
            ),
        ),
        *_evidence(given, case),
        *_contain(given, case),
    ]
    left = [each for each in found if each.phase == "contain"]
    where = f"cluster {given.cluster}"
    return Output(
        commands=found,
        keep=(
            Artefact(
                name=f"kubectl-{given.cluster}",
                content=msgspec.to_builtins(found),
                about=f"What people do inside {where}, in order",
            ),
        ),
        unknown=tuple(
            f"inside {where} firedoor has changed nothing; by hand, {each.what.lower()}: {each.run}"
            for each in left
        ),
    )


def _line(*words: str) -> str:
    return shlex.join(words)


def _evidence(given: Input, case: Case) -> list[Command]:
    rights = "clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts"
    found = [
        Command(
            phase="evidence",
            what="Keep RBAC as it is",
            run=_line("kubectl", "get", rights, "--all-namespaces", "--output=yaml"),
        ),
        Command(
            phase="evidence",
            what="Keep who aws-auth lets in, beside the access entries",
            run=_line("kubectl", "get", "configmap", "aws-auth", "-n", "kube-system", "-o", "yaml"),
        ),
    ]
    if given.user:
        found.append(
            Command(
                phase="evidence",
                what="Keep what the user may do",
                run=_line("kubectl", "auth", "can-i", "--list", f"--as={given.user}"),
            )
        )
    if given.namespace and given.pod:
        pod = ["-n", given.namespace, given.pod]
        found += [
            Command(
                phase="evidence",
                what="Keep the pod, its image digest and its node",
                run=_line("kubectl", "get", "pod", *pod, "--output=yaml"),
            ),
            Command(
                phase="evidence",
                what="Keep its logs",
                run=_line("kubectl", "logs", *pod, "--all-containers", "--timestamps"),
            ),
        ]
    return found


def _contain(given: Input, case: Case) -> list[Command]:
    found: list[Command] = []
    if given.namespace and given.pod:
        found += _quarantine(given.namespace, given.pod, case)
    elif given.namespace and given.workload:
        workload = ["-n", given.namespace, f"deployment/{given.workload}"]
        found.append(
            Command(
                phase="contain",
                what="Scale the workload to none, when its pods have been kept",
                run=_line("kubectl", "scale", *workload, "--replicas=0"),
                undo=_line("kubectl", "scale", *workload, "--replicas=FORMER"),
            )
        )
    if given.node:
        found.append(
            Command(
                phase="contain",
                what="Cordon the node: no new pod starts on it (not on Fargate)",
                run=_line("kubectl", "cordon", given.node),
                undo=_line("kubectl", "uncordon", given.node),
            )
        )
    if given.user in ("system:anonymous", "system:unauthenticated"):
        found.append(
            Command(
                phase="contain",
                what="Find the bindings of anonymous users, and delete those that are not "
                "system:public-info-viewer",
                run="kubectl get clusterrolebindings,rolebindings -A -o wide | "
                "grep -E 'system:(anonymous|unauthenticated)'",
                undo="kubectl apply -f what-was-kept.yaml",
            )
        )
    elif given.user:
        found.append(
            Command(
                phase="contain",
                what="Find the bindings of the user, and delete those that he is not to have",
                run="kubectl get clusterrolebindings,rolebindings -A -o wide | "
                + _line("grep", "-F", given.user.rpartition(":")[2]),
                undo="kubectl apply -f what-was-kept.yaml",
            )
        )
    return found


def _quarantine(namespace: str, pod: str, case: Case) -> list[Command]:
    label = f"firedoor-quarantine={case.incident.lower()}"
    name = case.name("quarantine").lower()
    policy = json.dumps(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "podSelector": {"matchLabels": {"firedoor-quarantine": case.incident.lower()}},
                "policyTypes": ["Ingress", "Egress"],
            },
        }
    )
    return [
        Command(
            phase="contain",
            what="Mark the pod",
            run=_line("kubectl", "label", "pod", "-n", namespace, pod, label),
            undo=_line("kubectl", "label", "pod", "-n", namespace, pod, "firedoor-quarantine-"),
        ),
        Command(
            phase="contain",
            what="Cut marked pods off the network (needs a network plug-in that enforces it, and "
            "does not hold pods with hostNetwork)",
            run=f"echo {shlex.quote(policy)} | kubectl apply -f -",
            undo=_line("kubectl", "delete", "networkpolicy", "-n", namespace, name),
        ),
        Command(
            phase="contain",
            what="Take the pod out of its workload by the labels that its ReplicaSet selects, so "
            "that it lives on as evidence while a clean one starts",
            run=_line(
                "kubectl", "label", "pod", "-n", namespace, pod, "app-", "pod-template-hash-"
            ),
            undo="put the labels back as they were kept",
        ),
    ]
