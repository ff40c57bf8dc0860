# What MLflow's own client reads of a registered model, as one line of JSON.
# read_back.py <address> <name of the model>

import hashlib
import json
import os
import sys

import mlflow
from mlflow import MlflowClient

address, name = sys.argv[1:3]
mlflow.set_tracking_uri(address)
client = MlflowClient()


def digest(version):
    folder = mlflow.artifacts.download_artifacts(f"models:/{name}/{version}")
    with open(os.path.join(folder, "model.safetensors"), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


versions = []
for found in client.search_model_versions(f"name = '{name}'"):
    run = client.get_run(found.run_id)
    versions.append(
        {
            "version": int(found.version),
            "version_id": found.tags["driftkeel.version_id"],
            "rolled_back": found.tags.get("driftkeel.rolled_back"),
            "source": found.tags.get("driftkeel.source"),
            "status": run.info.status,
            "params": run.data.params,
            "metrics": {key: repr(value) for key, value in run.data.metrics.items()},
            "sha256": digest(found.version),
        }
    )
versions.sort(key=lambda each: each["version"])
aliases = {alias: int(version) for alias, version in client.get_registered_model(name).aliases.items()}
print(json.dumps({"versions": versions, "aliases": aliases}))
