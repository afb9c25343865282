// Refusals are compared by status and code: wordings and namespaces differ from region to region, and landfall reads neither.
const should = require('should'), Runner = require('mocha/lib/runner')
const helpers = require('./test/helpers')
const code = body => body && body.__type && String(body.__type).split('#').pop()

const eql = should.Assertion.prototype.eql
should.Assertion.add('eql', function (other) {
  this.params = { operator: 'to eql' }
  if (code(this.obj) && code(other)) return should(code(this.obj)).equal(code(other))
  eql.apply(this, arguments)
})

const refused = want => (target, data, ...rest) => {
  const done = rest[rest.length - 1]
  helpers.request(helpers.opts(target, data), (err, res) => {
    if (err || (res.statusCode === 400 && code(res.body) === want)) return done(err)
    done(new Error(`wanted ${want}, got ${res.statusCode} ${JSON.stringify(res.body).slice(0, 300)}`))
  })
}
Object.assign(helpers, {
  assertValidation: refused('ValidationException'),
  assertNotFound: refused('ResourceNotFoundException'),
  assertInUse: refused('ResourceInUseException'),
  assertConditional: refused('ConditionalCheckFailedException'),
  assertAccessDenied: refused('AccessDeniedException'),
})

// A late callback's failure counts for its test, and does not end the run.
const uncaught = Runner.prototype._uncaught
Runner.prototype._uncaught = function (err) {
  if (this.state === 'stopped') return
  const now = this.currentRunnable
  return now && now.isPassed() ? this.fail(now, err) : uncaught.call(this, err)
}
