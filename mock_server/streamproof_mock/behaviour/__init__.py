"""The well-behaved endpoint: what the server answers when no scenario is chosen."""

from streamproof_mock.behaviour.endpoint import Endpoint as Endpoint
