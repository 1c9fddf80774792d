"""Keep everything that there is of a Lambda function, its code first.

Configuration, code (downloaded at once: Lambda's link to it is good for 10 minutes), versions and
aliases, layers, resource policies, URLs, event source mappings, event-invoke configuration,
reserved and provisioned concurrency, tags, and the EventBridge rules that call it. Of the
environment the names are kept, and the values of variables that decide which code is loaded; other
values may be secrets and are masked. Code of published versions is named by hash; of a container
image the digest is kept, the image itself stays in its repository. What may not be read is said in
`unknown`.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firedoor.actions import contract
from firedoor.actions._environment import without_values
from firedoor.actions._side_by_side import side_by_side
from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._code import code_of
from firedoor.actions.awslambda._function import FUNCTION, QUALIFIED, OfFunction
from firedoor.actions.awslambda._statements import is_foreign, is_public
from firedoor.actions.contract import Artefact, Aws, Case, Permission
from firedoor.kinds import Arn, FunctionQualifier, IamRoleName

PERMISSIONS = (
    Permission("lambda:GetFunction", FUNCTION, "configuration, and the link to the code"),
    Permission("lambda:ListVersionsByFunction", FUNCTION),
    Permission("lambda:ListAliases", FUNCTION),
    Permission("lambda:GetPolicy", FUNCTION),
    Permission("lambda:GetPolicy", QUALIFIED),
    Permission("lambda:ListFunctionUrlConfigs", FUNCTION),
    Permission("lambda:ListFunctionEventInvokeConfigs", FUNCTION),
    Permission("lambda:GetFunctionConcurrency", FUNCTION),
    Permission("lambda:ListProvisionedConcurrencyConfigs", FUNCTION),
    Permission("lambda:GetFunctionCodeSigningConfig", FUNCTION),
    Permission("lambda:ListEventSourceMappings", why="of the function and its qualifiers"),
    Permission("lambda:GetLayerVersion", why="layers may be another account's"),
    Permission("events:ListRuleNamesByTarget", why="which rules call it"),
)
EXAMPLE = {"function": "thumbnails"}
KEEPS = ("lambda.function", "lambda.code", "lambda.versions", "lambda.layers", "lambda.policy")


class Input(OfFunction, frozen=True, kw_only=True):
    """The function."""


class Output(contract.Output, frozen=True, kw_only=True):
    """What later steps ask about; the rest is in the kept documents.

    `foreign_layers`: layers of other accounts (AWS's own extensions are among them).
    `foreign_said` and `variables`: the names in a row, for questions. `open_url`: a URL that
    anybody may call. `public`: a statement lets in everybody.
    """

    exists: bool
    role: IamRoleName | None
    layers: list[Arn]
    foreign_layers: list[Arn]
    versions: list[FunctionQualifier]
    aliases: list[FunctionQualifier]
    open_url: bool
    public: bool
    foreign_statements: list[str]
    mappings: int
    rules: list[str]
    provisioned: bool
    variables: str
    foreign_said: str
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]
    not_kept: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """The code at once, then everything else side by side."""
    function = _function.ask(aws, given, "get_function")
    if function is None:
        return _absent(given)
    code, unknown = code_of(aws, function, given.function)
    config = function.get("Configuration") or {}
    layers = [str(each["Arn"]) for each in config.get("Layers") or ()]
    names = _function.qualifiers(aws, given)
    arn = _function.arn_of(aws, given)
    reads: dict[str, Callable[[], Any]] = {
        "versions": lambda: _function.listed(aws, given, "list_versions_by_function", "Versions"),
        "aliases": lambda: _function.listed(aws, given, "list_aliases", "Aliases"),
        "policies": lambda: {name: _function.policy_of(aws, given, name) for name in ("", *names)},
        "urls": lambda: _function.listed(
            aws, given, "list_function_url_configs", "FunctionUrlConfigs"
        ),
        "event_invoke_configs": lambda: _function.listed(
            aws, given, "list_function_event_invoke_configs", "FunctionEventInvokeConfigs"
        ),
        "concurrency": lambda: _function.ask(aws, given, "get_function_concurrency"),
        "provisioned_concurrency": lambda: _function.listed(
            aws, given, "list_provisioned_concurrency_configs", "ProvisionedConcurrencyConfigs"
        ),
        "code_signing": lambda: _function.ask(aws, given, "get_function_code_signing_config"),
        "event_source_mappings": lambda: _mappings(aws, given, names),
        "layers": lambda: [_layer(aws, given, layer) for layer in layers],
        "rules": lambda: _rules(aws, given, [arn, *(f"{arn}:{name}" for name in names)]),
    }
    found, refused = side_by_side(reads)
    unknown += [f"{name.replace('_', ' ')} of {given.function}: {why}" for name, why in refused]
    policies: dict[str, list[Any]] = found.get("policies", {})
    statements = [one for each in policies.values() for one in each]
    role = str(config.get("Role") or "").rpartition("/")[2]
    kept = {"function": without_values({k: v for k, v in function.items() if k != "Code"})}
    kept["function"]["Code"] = {
        name: value for name, value in (function.get("Code") or {}).items() if name != "Location"
    }
    document = {**kept, **without_values(found)}
    return Output(
        exists=True,
        role=role or None,
        layers=layers,
        foreign_layers=[one for one in layers if f":{aws.account}:" not in one],
        versions=[str(each["Version"]) for each in found.get("versions", ())],
        aliases=[str(each["Name"]) for each in found.get("aliases", ())],
        open_url=any(each.get("AuthType") != "AWS_IAM" for each in found.get("urls", ())),
        public=any(is_public(one) for one in statements),
        foreign_statements=[
            str(one.get("Sid", "")) for one in statements if is_foreign(one, aws.account)
        ],
        mappings=len(found.get("event_source_mappings", ())),
        rules=list(found.get("rules", ())),
        # What cannot be looked for must be taken to be there: the next step looks again.
        provisioned=bool(found.get("provisioned_concurrency", True)),
        variables=", ".join(sorted((config.get("Environment") or {}).get("Variables") or ())),
        foreign_said=", ".join(one for one in layers if f":{aws.account}:" not in one),
        keep=(
            Artefact(
                name=f"lambda-function-{given.function}",
                content=document,
                about=f"Lambda function {given.function} before containment",
            ),
            *((code,) if code else ()),
        ),
        unknown=tuple(unknown),
        not_kept=(
            *(() if code else ("lambda.code",)),
            *(f"lambda.{name}" for name in ("versions", "layers") if name not in found),
            *(() if "policies" in found else ("lambda.policy",)),
        ),
    )


def _absent(given: Input) -> Output:
    return Output(
        exists=False,
        role=None,
        layers=[],
        foreign_layers=[],
        versions=[],
        aliases=[],
        open_url=False,
        public=False,
        foreign_statements=[],
        mappings=0,
        rules=[],
        provisioned=False,
        variables="",
        foreign_said="",
        keep=(),
        unknown=(
            f"Lambda knows no function {given.function!r} there: it has been deleted (or never "
            "was); its role, its logs and CloudTrail are what is left",
        ),
        not_kept=KEEPS,
    )


def _mappings(aws: Aws, given: Input, names: list[str]) -> list[Any]:
    found: dict[str, Any] = {}
    for place in (given.function, *(f"{given.function}:{name}" for name in names)):
        for each in aws.pages(
            "lambda",
            "list_event_source_mappings",
            "EventSourceMappings",
            region=given.region,
            FunctionName=place,
        ):
            found[each["UUID"]] = each
    return list(found.values())


def _layer(aws: Aws, given: Input, arn: str) -> dict[str, Any]:
    answer = aws.call("lambda", "get_layer_version_by_arn", region=given.region, Arn=arn)
    content = dict(answer.get("Content") or {})
    content.pop("Location", None)
    return {**answer, "Content": content}


def _rules(aws: Aws, given: Input, targets: list[str]) -> list[str]:
    found: dict[str, None] = {}
    for target in targets:
        for name in aws.pages(
            "events",
            "list_rule_names_by_target",
            "RuleNames",
            region=given.region,
            TargetArn=target,
        ):
            found[str(name)] = None
    return list(found)
