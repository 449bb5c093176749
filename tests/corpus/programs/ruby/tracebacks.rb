# One way to end badly per word on the command line.
require 'json'
require 'logger'

class StoreError < StandardError; end

def parse(text) = Integer(text)

def ask(text)
  parse(text)
rescue ArgumentError
  raise StoreError, "the store answered nonsense\non two lines"
end

def down(n) = down(n + 1)

case ARGV.first
when 'uncaught' then parse('x')
when 'cause' then ask('x')
when 'nothing'
  answer = nil
  answer.fetch(:id)
when 'name' then undefined_thing
when 'thread'
  Thread.new { parse('y') }.join rescue warn 'the main thread goes on'
when 'logged'
  log = Logger.new($stderr)
  log.info('before')
  begin
    ask('x')
  rescue StoreError => e
    log.error(e)
  end
  log.info('after')
when 'printed'
  begin
    ask('x')
  rescue StoreError => e
    warn e.full_message(highlight: false)
  end
  warn 'goes on'
when 'json'
  begin
    ask('x')
  rescue StoreError => e
    warn JSON.generate(level: 'error', msg: 'request failed', exception: e.full_message(highlight: false))
  end
when 'recursion' then down(0)
when 'coloured'
  begin
    parse('x')
  rescue ArgumentError => e
    warn e.full_message(highlight: true, order: :bottom)
  end
end
