"""dvc.lock keeps no stage of a variant that is no longer in the study."""

from ruamel.yaml import YAML

from hdemucs.study.lock import prune_lock

LOCK = """\
schema: '2.0'
stages:
  resolve:
    cmd: python -m stages.resolve
    deps:
    - path: hdemucs
      md5: a.dir
  train@gone:
    cmd: python -m stages.train gone
    params:
      configs/train/gone.json:
        training.epochs: 4
  train@kept:
    cmd: python -m stages.train kept
    outs:
    - path: models/kept
      md5: b.dir
  evaluate@gone:
    cmd: python -m stages.evaluate gone
"""


def test_the_stages_of_removed_variants_go_and_the_rest_keeps_its_bytes(tmp_path):
    path = tmp_path / "dvc.lock"
    path.write_text(LOCK)
    assert prune_lock(path, {"kept"}) == ["train@gone", "evaluate@gone"]
    assert list(YAML(typ="safe").load(path)["stages"]) == ["resolve", "train@kept"]
    lines = path.read_text().splitlines()
    assert [line for line in LOCK.splitlines() if line in lines] == lines


def test_a_lock_without_them_is_left_alone(tmp_path):
    path = tmp_path / "dvc.lock"
    assert prune_lock(path, {"kept"}) == []
    path.write_text(LOCK)
    before = path.stat().st_mtime_ns
    assert prune_lock(path, {"kept", "gone"}) == []
    assert (path.read_text(), path.stat().st_mtime_ns) == (LOCK, before)
