"""A kernel UDP client of the device: sends market data to TARGET:PORT, collects the orders that come back
(to port 9999, where the device sends them unless it is told otherwise).

usage: market.py TARGET PORT PRICE...     prints a JSON list, an order or null for each price
"""
import json
import socket
import struct
import sys
import time

MARKET_DATA = struct.Struct(">8sIIQ")
TRADING_ORDER = struct.Struct(">8sIIBQ16s")

target, port, *prices = sys.argv[1:]
orders = []
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
    udp.bind(("", 9999))
    for price in map(int, prices):
        udp.sendto(MARKET_DATA.pack(b"AAPL    ", price, 1000, time.time_ns()), (target, int(port)))
        udp.settimeout(2 if price < 10_000 else 0.2)  # a dear one is not answered
        try:
            data, source = udp.recvfrom(2048)
        except TimeoutError:
            orders.append(None)
            continue
        symbol, order_price, quantity, side, _, identity = TRADING_ORDER.unpack(data)
        orders.append({
            "from": source[0],
            "symbol": symbol.decode().rstrip(),
            "price": order_price,
            "quantity": quantity,
            "side": side,
            "id": identity.hex(),
        })
print(json.dumps(orders))
