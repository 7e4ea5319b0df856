#pragma once

#include <utility>

namespace tinysplit::training {

template <typename Signature>
class FunctionRef;

// A callable that somebody else owns and keeps for as long as this is used; unlike std::function it
// never allocates.
template <typename R, typename... Args>
class FunctionRef<R(Args...)> {
 public:
  template <typename F>
  FunctionRef(const F& function)  // NOLINT: implicit, as a call with a lambda reads best
      : object_(&function), call_([](const void* object, Args... args) -> R {
          return (*static_cast<const F*>(object))(std::forward<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  const void* object_;
  R (*call_)(const void*, Args...);
};

}  // namespace tinysplit::training
