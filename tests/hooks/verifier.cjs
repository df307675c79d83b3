// Receives events as somebody else's libraries do: cloudevents parses and validates, standardwebhooks verifies.
// usage: node verifier.cjs SECRET
// Prints `port N`, then a line of JSON for each request: what the libraries made of it, or their error.
'use strict';
const http = require('node:http');
const { HTTP } = require('cloudevents');
const { Webhook } = require('standardwebhooks');

const secret = process.argv[2];

function read(headers, body) {
  const event = HTTP.toEvent({ headers, body });
  const { id, type, source, subject, time, specversion, datacontenttype, data } = event;
  // It throws if a required attribute is missing or one is not as the specification has it.
  event.validate();
  let verified = true, error = '';
  try {
    new Webhook(secret).verify(body, headers);
  } catch (failure) {
    [verified, error] = [false, failure.message];
  }
  return { id, type, source, subject, time, specversion, datacontenttype, data, verified, error,
           webhookId: headers['webhook-id'] };
}

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    let result;
    try {
      result = read(request.headers, Buffer.concat(chunks).toString());
    } catch (failure) {
      result = { error: `${failure}` };
    }
    console.log(JSON.stringify(result));
    response.statusCode = 204;
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
