"""A client of httpx, and models of pydantic."""
import httpx, pydantic
import datetime, os, ssl, random
from labels import bug, configuration, environment, design


def answering(status, text=""):
    return httpx.Client(transport=httpx.MockTransport(lambda r: httpx.Response(status, text=text)))


class Order(pydantic.BaseModel):
    price: int
    quantity: int


@environment
def test_get_weather():
    httpx.get("http://127.0.0.1:9/weather")

@environment
def test_get_map():
    httpx.get("http://maps.invalid/")

@environment
def test_gateway():
    answering(502).get("http://a/").raise_for_status()

@environment
def test_certificate():
    raise ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)")

@environment
def test_unreachable_host():
    raise OSError(113, os.strerror(113))

@configuration
def test_forbidden():
    answering(403).get("http://a/").raise_for_status()

@configuration
def test_burst():
    answering(429).get("http://a/").raise_for_status()

@configuration
def test_pool():
    raise httpx.PoolTimeout("")

@configuration
def test_proxy_setting():
    httpx.Client(proxy="tcp://10.0.0.1")

@configuration
def test_environment_variable():
    key = os.environ.get("WEATHER_KEY")
    if not key:
        raise RuntimeError("WEATHER_KEY environment variable is not set")

@bug
def test_order_model():
    Order(price="three", quantity=1)

@bug
def test_answer_is_parsed():
    answering(200, "oops").get("http://a/").json()

@bug
def test_field_name():
    Order(price=1, quantity=1).amount

@bug
def test_server_error():
    answering(500).get("http://a/").raise_for_status()

@bug
def test_sum():
    assert Order(price=2, quantity=3).model_dump() == {"price": 2, "quantity": 4}

@design
def test_time_is_noon():
    assert datetime.datetime.now().hour == 99

@design
def test_shuffled():
    values = list(range(50))
    random.shuffle(values)
    assert values == list(range(50)), "random order differs"

@design
def test_unknown_parameter(httpx_mock):
    pass
