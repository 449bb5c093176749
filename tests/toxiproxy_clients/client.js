// What a user of toxiproxy-node-client does.

const assert = require('assert');
const { Toxiproxy } = require('toxiproxy-node-client');

async function main() {
  const server = new Toxiproxy(`http://127.0.0.1:${process.argv[2]}`);
  assert.strictEqual(JSON.parse(await server.getVersion()).version, '2.12.0');

  const wanted = { name: 'a', listen: 'localhost:0', upstream: 'localhost:9' };
  const proxy = await server.createProxy(wanted);
  assert.match(proxy.listen, /^127\.0\.0\.1:[1-9]/);
  await assert.rejects(server.createProxy(wanted), /409/);
  await assert.rejects(server.get('b'), /404/);

  const kinds = {
    latency: { latency: 1000, jitter: 100 },
    bandwidth: { rate: 1 },
    slow_close: { delay: 1 },
    timeout: { timeout: 0 },
    reset_peer: { timeout: 1 },
    slicer: { average_size: 10, size_variation: 2, delay: 1 },
    limit_data: { bytes: 1 },
  };
  for (const [type, attributes] of Object.entries(kinds)) {
    const toxic = await proxy.addToxic({ type, attributes });
    const expected = { attributes, name: `${type}_downstream`, stream: 'downstream', toxicity: 1, type };
    assert.deepStrictEqual(toxic.toJson(), expected);
    assert.deepStrictEqual((await proxy.getToxic(toxic.name)).toJson(), expected);
    const changed = await toxic.update({ attributes: {}, toxicity: 0.25 });
    assert.deepStrictEqual(changed.toJson(), { ...expected, toxicity: 0.25 });
    if (type !== 'latency') await toxic.remove();
  }
  await assert.rejects(proxy.addToxic({ type: 'rain', attributes: {} }), /400/);

  const down = await proxy.update({ enabled: false, listen: proxy.listen, upstream: 'localhost:10' });
  assert.deepStrictEqual([down.enabled, down.listen, down.upstream], [false, proxy.listen, 'localhost:10']);
  const list = [{ name: 'b', listen: 'localhost:0', upstream: 'localhost:9' }, down.toJson()];
  assert.deepStrictEqual(Object.keys(await server.populate(list)), ['b', 'a']);
  await server.reset();
  assert.strictEqual((await server.get('a')).enabled, true);
  await assert.rejects((await server.get('a')).getToxic('latency_downstream'), /404/);
  for (const each of Object.values(await server.getAll())) await each.remove();
  assert.deepStrictEqual(await server.getAll(), {});
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
