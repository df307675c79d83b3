// A user's program: live at the server that it is given, then gone in good order.
#include <chrono>
#include <iostream>
#include <thread>

#include <liveness/client.h>

int main(int argc, char** argv) {
  liveness::ClientOptions options;
  options.targets = {argc > 1 ? argv[1] : "127.0.0.1:7700"};
  options.client_id = "consumer";
  auto client = liveness::Client::Start(std::move(options));
  if (!client) {
    std::cerr << client.error().message << '\n';
    return 1;
  }
  for (int i = 0; i < 200 && !(*client)->alive(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const bool was_alive = (*client)->alive();
  const bool heard = (*client)->Goodbye("done");
  std::cout << (was_alive ? "was live" : "was never live") << (heard ? ", left\n" : ", goodbye unheard\n");
  return was_alive && heard ? 0 : 1;
}
