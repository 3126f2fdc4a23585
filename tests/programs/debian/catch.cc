// Exceptions across shared libraries, between threads, through dlopen, and what ends a program.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "throw.h"

static int ours(int n) {
  if (n > 2) throw std::string("a string of the program");
  return n;
}

int main(int argc, char **argv) {
  try {
    descend(3);
  } catch (const std::exception &e) {
    std::printf("%s, %d\n", e.what(), dynamic_cast<const Thrown &>(e).value);
  }
  try {
    call(ours, 5);
  } catch (const std::string &text) {
    std::puts(text.c_str());
  }
  try {
    call(descend, 1);
  } catch (Thrown &thrown) {
    std::printf("again %d\n", thrown.value);
  }
  try {
    std::vector<int>(3).at(7);
  } catch (const std::out_of_range &) {
    std::puts("out of range");
  }
  std::vector<std::future<int>> results;
  for (int i = 0; i < 8; i++)
    results.push_back(std::async(std::launch::async, [i] {
      for (int round = 0; round < 50; round++) try {
          throw i;
        } catch (int value) {
          if (value != i) return -1;
        }
      if (i == 5) throw std::runtime_error("from a thread");
      return i;
    }));
  for (auto &result : results) try {
      std::cout << "result " << result.get() << std::endl;
    } catch (const std::exception &e) {
      std::cout << e.what() << std::endl;
    }
  if (void *library = dlopen("./libplugin.so", RTLD_NOW)) {
    auto run = reinterpret_cast<int (*)(int)>(dlsym(library, "plugin"));
    for (int i = 0; i < 3; i++) try {
        std::printf("plugin %d\n", run(i));
      } catch (const Thrown &thrown) {
        std::printf("plugin threw %d\n", thrown.value);
      }
    dlclose(library);
  } else {
    std::puts(dlerror());
  }
  if (argc > 1 && !strcmp(argv[1], "uncaught")) descend(0);
  if (argc > 1 && !strcmp(argv[1], "noexcept")) []() noexcept { descend(0); }();
  if (argc > 1 && !strcmp(argv[1], "quick")) std::quick_exit(9);
  return 4;
}
