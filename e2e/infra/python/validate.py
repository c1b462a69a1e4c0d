"""Prints what the schemas of Kubernetes say of manifests: validate.py FILE VERSION..."""

import json
import sys

import kubernetes_validate
import yaml

file, *versions = sys.argv[1:]
validated, unknown, problems = set(), set(), []
with open(file, encoding="utf-8") as stream:
    manifests = [manifest for manifest in yaml.safe_load_all(stream) if manifest]
for manifest in manifests:
    name = f"{manifest['kind']}/{manifest['metadata']['name']}"
    for version in versions:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
            validated.add(name)
        except kubernetes_validate.SchemaNotFoundError:
            unknown.add(manifest["kind"])
        except kubernetes_validate.ValidationError as error:
            problems.append(f"{version} {name}: {error}")
print(json.dumps({"validated": sorted(validated), "unknown": sorted(unknown), "problems": problems}))
