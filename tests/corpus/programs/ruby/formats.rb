# The same few records as Ruby's Logger writes them.
require 'logger'

log = Logger.new($stderr, progname: 'store')
log.debug('request begun')
log.info('listening')
log.warn('the queue is full')
log.error('request failed')
