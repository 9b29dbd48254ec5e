import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Server as SocketServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { get, nameOf } from "./get.ts";

let server: Server | SocketServer;
afterEach(() => {
  if ("closeAllConnections" in server) server.closeAllConnections();
  server.close();
});

async function listen(made: Server | SocketServer): Promise<URL> {
  server = made.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
}
const serve = (handler: RequestListener): Promise<URL> => listen(createServer(handler));

test.each([
  ["http://example.invalid/", "redirects to example.invalid, which is not followed"],
  ["/again", "redirects again and again"],
  ["http://[", "the server answers 302 without a new place"],
  ["file:///etc/passwd", "the server answers 302 without a new place"],
  [null, "the server answers 302 without a new place"],
])("a redirect to %s is not followed", async (location, message) => {
  const url = await serve((_, response) => {
    response.writeHead(302, location === null ? {} : { location }).end();
  });
  await expect(get(url)).rejects.toThrow(message);
});

test("a redirect on the same host is followed", async () => {
  const url = await serve((request, response) => {
    if (request.url === "/x") response.writeHead(301, { location: "/y" }).end();
    else response.end(request.url);
  });
  const { body, close } = await get(url);
  let text = "";
  for await (const piece of body) text += String(piece);
  close();
  expect(text).toBe("/y");
});

test.each<[string, RequestListener, string]>([
  [
    "an error with a reason",
    (_, response) => response.writeHead(400).end("profile duration exceeds server's WriteTimeout\nmore"),
    "the server answers 400: profile duration exceeds server's WriteTimeout",
  ],
  ["an error with a page", (_, response) => response.writeHead(500).end("<html>"), "the server answers 500"],
  ["a closed connection", (request) => request.socket.destroy(), "closed the connection without an answer"],
])("%s is said", async (_, handler, message) => {
  await expect(get(await serve(handler))).rejects.toThrow(new RegExp(`${message}$`));
});

test("what is no HTTP is said", async () => {
  const url = await listen(createSocketServer((socket) => socket.on("error", () => {}).end("SSH-2.0\r\n")));
  await expect(get(url)).rejects.toThrow("the server does not speak HTTP");
});

test("a server that says nothing is given up in time, and so is one that stops in the middle", async () => {
  const silent = await serve(() => {});
  await expect(get(silent, { patienceMs: 50 })).rejects.toThrow("no answer in time");
  server.close();
  if ("closeAllConnections" in server) server.closeAllConnections();
  const halting = await serve((_, response) => void response.write("x"));
  const { body, close } = await get(halting, { patienceMs: 2000 });
  const closed = new Promise((resolve) => body.once("close", resolve));
  body.resume();
  await closed;
  expect(body.complete).toBe(false);
  close();
});

test("a password is not shown", () => {
  expect(nameOf(new URL("http://me:secret@h:1/x"))).toBe("http://me:...@h:1/x");
});
