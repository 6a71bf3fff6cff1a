"""A client of requests: the world it meets is broken on purpose."""
import socket, threading, http.server
import pytest, requests
from labels import bug, configuration, environment, design


def serve(status, body=b"", delay=0):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            import time
            time.sleep(delay)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *a):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def price_of(order):
    return order["price"] * order["quantity"]


@environment
def test_fetch_profile():
    requests.get("http://127.0.0.1:9/profile")

@environment
def test_fetch_remote_avatar():
    requests.get("http://avatars.invalid/me.png")

@environment
def test_upstream_status():
    requests.get(serve(503)).raise_for_status()

@environment
def test_reset_by_peer():
    listener = socket.create_server(("127.0.0.1", 0))
    def drop():
        peer, _ = listener.accept()
        peer.close()
    threading.Thread(target=drop, daemon=True).start()
    requests.get(f"http://127.0.0.1:{listener.getsockname()[1]}/")

@environment
def test_secure_download():
    listener = socket.create_server(("127.0.0.1", 0))
    def talk():
        peer, _ = listener.accept()
        peer.recv(100)
        peer.sendall(b"HTTP/1.1 400 no\r\n\r\n")
        peer.close()
    threading.Thread(target=talk, daemon=True).start()
    requests.get(f"https://127.0.0.1:{listener.getsockname()[1]}/")

@configuration
def test_quota():
    requests.get(serve(429)).raise_for_status()

@configuration
def test_login_with_token():
    requests.get(serve(401)).raise_for_status()

@configuration
def test_client_timeout():
    requests.get(serve(200, b"{}", delay=1), timeout=0.05)

@configuration
def test_base_url():
    requests.get("api.example/v1/users")

@bug
def test_body_is_json():
    requests.get(serve(200, b"<html>")).json()

@bug
def test_order_total():
    assert price_of({"price": 3, "quantity": 2}) == 7

@bug
def test_missing_order_key():
    price_of({"price": 3})

@bug
def test_server_does_not_crash():
    assert requests.get(serve(500)).status_code == 200

@design
def test_uses_shared_server(shared_server):
    requests.get(shared_server)

@design
def test_is_fast():
    import time
    start = time.perf_counter()
    requests.get(serve(200))
    elapsed = time.perf_counter() - start
    assert elapsed < 0.00001
