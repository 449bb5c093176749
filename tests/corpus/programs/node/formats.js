'use strict';
// The same few records in the format that the word on the command line names.
const way = process.argv[2];
const log = way === 'pino' ? require('pino')({ level: 'debug' })
  : require('bunyan').createLogger({ name: 'store', level: 'debug' });
log.debug('request begun');
log.info({ port: 4444 }, 'listening');
log.warn('the queue is full');
try {
  undefined.rollout;
} catch (err) {
  log.error({ err }, 'request failed');
}
log.info('after');
