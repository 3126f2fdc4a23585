#include <exception>

class __attribute__((visibility("default"))) Thrown : public std::exception {
 public:
  explicit Thrown(int value) : value(value) {}
  ~Thrown() override;
  const char *what() const noexcept override;
  int value;
};

int descend(int n);
int call(int (*function)(int), int argument);
