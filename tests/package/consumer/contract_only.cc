// The wire contract alone, without the client library.
#include <iostream>

#include "liveness/v1/client.pb.h"

int main() {
  liveness::v1::Client client;
  client.set_client_id("orders");
  std::cout << client.client_id() << '\n';
  return client.client_id() == "orders" ? 0 : 1;
}
