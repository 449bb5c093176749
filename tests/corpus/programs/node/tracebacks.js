'use strict';
// One way to end badly per word on the command line.
const fs = require('fs');

function parse(text) {
  return text.rollout.id;
}

class StoreError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = 'StoreError';
  }
}

function ask() {
  try {
    parse({});
  } catch (why) {
    throw new StoreError('the store answered nonsense\non two lines', { cause: why });
  }
}

const ways = {
  uncaught: () => parse({}),
  cause: () => ask(),
  system: () => fs.readFileSync('/does/not/exist'),
  rejection: () => Promise.reject(new RangeError('out of range')),
  thrown: () => { throw 'only a text'; },
  aggregate: () => { throw new AggregateError([new Error('one'), new TypeError('two')], 'both failed'); },
  logged: () => {
    try { parse({}); } catch (why) { console.error('request failed:', why); }
    console.error('goes on');
    try { ask(); } catch (why) { console.error(why.stack); }
    console.error('goes on');
  },
  later: () => setTimeout(() => parse({}), 1),
  asynchronous: async () => { await null; await (async () => { await null; parse({}); })(); },
  json: () => {
    try { ask(); } catch (why) {
      console.error(JSON.stringify({ level: 50, time: 1764108000123, pid: 12, hostname: 'h', err: { type: why.name, message: why.message, stack: why.stack }, msg: 'request failed' }));
    }
  },
};
ways[process.argv[2]]();
