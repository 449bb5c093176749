// One way to end badly per word on the command line.
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

int main(int, char **argv) {
    std::string way = argv[1];
    if (way == "throw") throw std::runtime_error("the store answered nonsense");
    if (way == "number") throw 42;
    if (way == "at") return std::vector<int>(3).at(7);
    if (way == "thread") std::thread worker([] {});
    if (way == "debug") return std::vector<int>(3)[7];
}
