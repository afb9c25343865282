// Stands in for dynalite's own server in a copy of its tests: every connection goes on to the embedded AWS.
const net = require('net'), aws4 = require('aws4'), sign = aws4.sign

module.exports = () => net.createServer(from => {
  const to = net.connect(Number(process.env.LOCAL_PORT), '127.0.0.1')
  from.on('error', () => to.destroy())
  to.on('error', () => from.destroy())
  from.pipe(to).pipe(from)
})

// The tests sign without a scope where the host name does not tell it.
aws4.sign = (request, keys) => sign(Object.assign(request, { service: request.service || 'dynamodb', region: request.region || 'us-east-1' }), keys)
