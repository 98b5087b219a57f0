"""Offer a running pitwall to language models, by the Model Context Protocol (MCP).

Needs the extra `mcp`; only `pitwall.cli.mcp` imports this package.
"""
