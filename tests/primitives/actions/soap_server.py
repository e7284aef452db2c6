"""A real SOAP server (spyne) with a shop's prices; argument: `1.1` or `1.2`. Prints its port."""

from __future__ import annotations

import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

from spyne import Application, Array, ComplexModel, Date, Decimal, Fault, Integer, ServiceBase, Unicode, rpc
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

PRICES = {"tea": 3, "pot": 40}


class Line(ComplexModel):
    __namespace__ = "urn:shop:lines"
    item = Unicode(min_occurs=1)
    quantity = Integer(min_occurs=1)
    colour = Unicode(values=["red", "blue"])


class Offer(ComplexModel):
    __namespace__ = "urn:shop"
    total = Decimal
    lines = Array(Line)
    valid_until = Date


class Shop(ServiceBase):
    @rpc(Unicode, Integer, _returns=Integer)
    def price(ctx, item, quantity):  # noqa: N805  spyne's own first argument
        if item == "broken":
            raise RuntimeError("the shop's own trouble")
        if item not in PRICES:
            raise Fault("Client.NoSuchItem", f"There is no {item}")
        return PRICES[item] * (quantity or 1)

    @rpc(Array(Line), Date, _returns=Offer)
    def offer(ctx, lines, day):  # noqa: N805
        return Offer(total=sum(PRICES[one.item] * one.quantity for one in lines), lines=lines, valid_until=day)


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        """Nothing."""


protocol = Soap11 if sys.argv[1] == "1.1" else Soap12
application = Application([Shop], "urn:shop", in_protocol=protocol(validator="lxml"), out_protocol=protocol())
server = make_server("127.0.0.1", 0, WsgiApplication(application), handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
