"""Numbers with numpy, schemas with jsonschema, templates with Jinja, documents with YAML."""
import concurrent.futures, importlib, signal, subprocess, sys, time
import jinja2, jsonschema, numpy as np, yaml
from unittest import mock
import asyncio
from labels import bug, configuration, environment, design


@environment
def test_huge_array():
    np.zeros((1 << 30, 1 << 20))

@environment
def test_disk_of_ci():
    raise OSError(28, "No space left on device", "/tmp/cache/part-7")

@environment
def test_browser():
    subprocess.run(["chromedriver-99"], check=True)

@environment
def test_port():
    raise OSError(98, "Address already in use")

@configuration
def test_gpu_backend():
    importlib.import_module("cupy")

@configuration
def test_settings_file():
    yaml.safe_load("a: [1\nb: 2")

@configuration
def test_deadline():
    async def slow(): await asyncio.sleep(1)
    asyncio.run(asyncio.wait_for(slow(), 0.01))

@bug
def test_shapes():
    np.ones((2, 3)) @ np.ones((2, 3))

@bug
def test_last():
    [1, 2][2]

@bug
def test_array_values():
    np.testing.assert_array_equal(np.array([1, 2, 3]), np.array([1, 2, 4]))

@bug
def test_schema():
    jsonschema.validate({"a": "1"}, {"properties": {"a": {"type": "integer"}}})

@bug
def test_page():
    jinja2.Template("{{ user.name }}", undefined=jinja2.StrictUndefined).render()

@bug
def test_unpack():
    a, b = (1, 2, 3)

@design
def test_mean_is_exact():
    assert np.mean([0.1, 0.2, 0.3]) == 0.2

@design
def test_job_done_after_sleep():
    with concurrent.futures.ThreadPoolExecutor() as pool:
        job = pool.submit(time.sleep, 0.3)
        time.sleep(0.01)
        assert job.done(), "job should be done after 0.01 seconds"

@design
def test_spec():
    mock.Mock(spec=["load"]).save()
