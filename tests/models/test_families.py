"""What parts.toml names stands alone: no family knows another, and nobody but the registry any."""

from typing import get_args, get_type_hints

import grimp
import pytest

from hdemucs.registry import part, places

ALLOWED = {  # what a family may import of the project
    "hdemucs.config", "hdemucs.errors", "hdemucs.models.blocks", "hdemucs.models.family",
}  # fmt: skip
OFFICIAL = {  # convert from and to the official package's form, or measure beside that package
    "hdemucs.benchmarks.official_step", "hdemucs.benchmarks.separation",
    "hdemucs.cli.export_official", "hdemucs.cli.import_official", "hdemucs.released.publish",
}  # fmt: skip
FAMILIES = sorted({".".join(a.split(":")[0].split(".")[:3]) for a in places()["model"].values()})


@pytest.fixture(scope="module")
def imports():
    return grimp.build_graph("hdemucs")


def within(module, packages):
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def modules_of(graph, package):
    return {package, *graph.find_descendants(package)}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_imports_no_other_nor_data_nor_training(imports, family):
    core = "hdemucs.models.store"  # by which the official package's files are written
    for module in modules_of(imports, family):
        for imported in imports.find_modules_directly_imported_by(module):
            known = within(imported, {family, *ALLOWED})
            official = ".official." in module and imported in (core, "hdemucs.files")
            assert known or official, f"{module} imports {imported}"


@pytest.mark.parametrize("family", FAMILIES)
def test_only_the_registry_loads_a_family(imports, family):
    for module in modules_of(imports, family):
        for importer in imports.find_modules_that_directly_import(module):
            converts = importer in OFFICIAL and ".official." in module
            assert converts or within(importer, {family}), f"{importer} imports {module}"


@pytest.mark.parametrize(("place", "kind"), [(p, kind) for p in places() for kind in places()[p]])
def test_every_part_is_there_and_its_configuration_names_its_kind(place, kind):
    found = part(place, kind)
    assert get_args(get_type_hints(found.config)["kind"]) == (kind,)
