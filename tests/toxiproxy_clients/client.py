"""What a user of toxiproxy-python does."""

import sys

from toxiproxy import Toxiproxy
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists


def fails(kind, call, text):
    try:
        call()
    except kind as error:
        assert text in error.args[0], error
    else:
        raise AssertionError(f"no {kind}")


server = Toxiproxy()
server.update_api_consumer("127.0.0.1", int(sys.argv[1]))
assert server.running()
assert b"2.12.0" in server.version()

proxy = server.create(upstream="127.0.0.1:9", name="a")
assert proxy.listen.startswith("127.0.0.1:") and not proxy.listen.endswith(":0"), proxy.listen
fails(ProxyExists, lambda: server.create(upstream="127.0.0.1:9", name="a"), "already exists")

proxy.add_toxic(type="latency", attributes={"latency": 10, "jitter": 1})
proxy.add_toxic(type="bandwidth", stream="upstream", name="slow", toxicity=0.5, attributes={"rate": 3})
assert set(proxy.toxics()) == {"latency_downstream", "slow"}
slow = proxy.get_toxic("slow")
assert (slow.type, slow.stream, slow.toxicity, slow.attributes) == ("bandwidth", "upstream", 0.5, {"rate": 3})
fails(InvalidToxic, lambda: proxy.add_toxic(type="rain"), b"invalid toxic type")
fails(ProxyExists, lambda: proxy.add_toxic(type="latency"), b"toxic already exists")
fails(NotFound, lambda: proxy.destroy_toxic("none"), b"toxic not found")
assert proxy.destroy_toxic("slow")

with proxy.down():
    assert not server.get_proxy("a").enabled
assert server.get_proxy("a").enabled
assert server.reset()
assert server.get_proxy("a").toxics() == {}

wanted = [
    {"name": "b", "upstream": "127.0.0.1:9", "listen": "127.0.0.1:0"},
    {"name": "a", "upstream": "127.0.0.1:9", "listen": proxy.listen},
]
assert [created.name for created in server.populate(wanted)] == ["b"]
server.destroy_all()
assert server.proxies() == {}
