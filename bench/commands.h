// How a bench's programs are spoken to: a line of words on stdin, a line of JSON on stdout. Header only.
#pragma once

#include <iostream>
#include <sstream>
#include <string>

namespace liveness::bench {

// Says `greeting`, then answers each line with answer(verb, the words after it), until stdin ends.
template <typename Answer>
void AnswerCommands(const std::string& greeting, Answer answer) {
  std::cout << greeting << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    std::cout << answer(verb, words) << std::endl;
  }
}

}  // namespace liveness::bench
