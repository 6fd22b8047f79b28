/*
 * Texts: `text` for parameters and answers, `option_text` for the fields of options. Part of tieback.hpp.
 *
 * The library takes and gives UTF-8 with a NUL at the end. A `std::string_view` need not end in one, so it is taken
 * only where it is copied (an `option_text`); as a parameter it does not compile: write `std::string(view)`.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_TEXT_HPP
#define TIEBACK_TEXT_HPP

#include "form.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tieback {
inline namespace TIEBACK_FORM {

namespace detail {

/*
 * What C gets of a text: its beginning; NULL when it was left out. With a NUL inside, C would see the part before it as
 * the whole. Such a text is given as one that is no UTF-8, which the library refuses.
 */
inline const char *refusing_nul(const char *text, std::size_t length) noexcept {
    const bool whole = text == nullptr || std::char_traits<char>::length(text) == length;
    return whole ? text : "\xFF";
}

} // namespace detail

/**
 * A view of a text that ends in a NUL: one pointer and a length, no copy. It converts to `std::string_view`, compares
 * with whatever does, and prints. As a parameter it takes `const char *` and `std::string`; left out, it is absent.
 *
 * Ownership: none. As a parameter it has to live until the call returns, so a temporary will do. One that an object
 * gave lives as long as the object; of an object that is itself a temporary you get a `std::string`.
 */
class text {
  public:
    /** Absent; reads as "". */
    constexpr text() noexcept = default;
    constexpr text(const char *terminated) noexcept
        : data_(terminated), size_(terminated == nullptr ? 0 : std::char_traits<char>::length(terminated)) {}
    text(const std::string &string TIEBACK_VIEWS_THIS) noexcept
        : data_(detail::refusing_nul(string.c_str(), string.size())), size_(std::char_traits<char>::length(data_)) {}
    /** A view may have no NUL at its end. Copy it: `std::string(view)`. */
    text(std::string_view) = delete;

    /** Whether it is given, be it "". */
    constexpr bool is_given() const noexcept { return data_ != nullptr; }
    /** With a NUL at the end; "" when it is absent. */
    constexpr const char *c_str() const noexcept { return data_ == nullptr ? "" : data_; }
    /** As C takes it: NULL when it is absent. */
    constexpr const char *or_null() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr const char *data() const noexcept { return c_str(); }
    constexpr const char *begin() const noexcept { return c_str(); }
    constexpr const char *end() const noexcept { return c_str() + size_; }
    constexpr std::string_view view() const noexcept { return {c_str(), size_}; }
    constexpr operator std::string_view() const noexcept { return view(); }
    /** A copy. */
    std::string str() const { return std::string(view()); }

  private:
    const char *data_ = nullptr;
    std::size_t size_ = 0;
};

namespace detail {

template <class T> using if_viewed = std::enable_if_t<std::is_convertible_v<const T &, std::string_view>, int>;
template <class T>
using if_other_view =
    std::enable_if_t<std::is_convertible_v<const T &, std::string_view> && !std::is_same_v<T, text>, int>;

} // namespace detail

template <class T, detail::if_viewed<T> = 0> constexpr bool operator==(text left, const T &right) noexcept {
    return left.view() == std::string_view(right);
}
template <class T, detail::if_other_view<T> = 0> constexpr bool operator==(const T &left, text right) noexcept {
    return std::string_view(left) == right.view();
}
template <class T, detail::if_viewed<T> = 0> constexpr bool operator!=(text left, const T &right) noexcept {
    return left.view() != std::string_view(right);
}
template <class T, detail::if_other_view<T> = 0> constexpr bool operator!=(const T &left, text right) noexcept {
    return std::string_view(left) != right.view();
}
constexpr bool operator<(text left, text right) noexcept { return left.view() < right.view(); }

template <class Traits>
std::basic_ostream<char, Traits> &operator<<(std::basic_ostream<char, Traits> &out, text shown) {
    return out << shown.view();
}

/** A text that an `option_text` is to look at without a copy. `borrow` makes it. */
class borrowed_text {
  public:
    constexpr explicit borrowed_text(text lent) noexcept : lent_(lent) {}
    constexpr text lent() const noexcept { return lent_; }

  private:
    text lent_;
};

/**
 * Has an `option_text` look at a text instead of copying it: `event.resource_id = tieback::borrow(id)`.
 *
 * Ownership: the text has to live, unchanged, until the call that takes the options returns.
 */
constexpr borrowed_text borrow(text lent) noexcept { return borrowed_text(lent); }
/** A temporary would be gone before the call. */
borrowed_text borrow(std::string &&) = delete;

/**
 * A text of an options struct. It holds what it is given: a literal as it is, without a copy; a `std::string` that is
 * moved in; else a copy, also of a `std::string_view`. So nothing that you assign has to stay. What shall not be
 * copied goes in by `borrow`.
 */
class option_text {
  public:
    /** Left out. */
    option_text() noexcept = default;
    option_text(std::nullptr_t) noexcept {}
    option_text(std::nullopt_t) noexcept {}
    option_text(borrowed_text lent) noexcept : lent_(lent.lent().or_null()) {}
    option_text(std::string &&string) noexcept : kept_(std::move(string)) {}
    /** What a page says about the next one fits `after`; absent is left out. */
    option_text(const std::optional<text> &given) {
        if (given) {
            kept_.emplace(given->view());
        }
    }
    template <class T, class Plain = std::remove_cv_t<std::remove_reference_t<T>>,
              std::enable_if_t<std::is_convertible_v<T, std::string_view> && !std::is_same_v<Plain, option_text>,
                               int> = 0>
    option_text(T &&given) {
        using Given = std::remove_reference_t<T>;
        if constexpr (std::is_array_v<Given> && std::is_const_v<std::remove_extent_t<Given>>) {
            lent_ = given; // a literal
        } else if constexpr (std::is_pointer_v<Plain>) {
            if (given != nullptr) {
                kept_.emplace(given);
            }
        } else if constexpr (std::is_same_v<Plain, text>) {
            if (given.is_given()) {
                kept_.emplace(given.view());
            }
        } else {
            kept_.emplace(std::string_view(given));
        }
    }

    /** Whether it is given, be it "". */
    bool is_given() const noexcept { return kept_.has_value() || lent_ != nullptr; }
    std::string_view view() const noexcept { return kept_ ? std::string_view(*kept_) : text(lent_).view(); }
    operator std::string_view() const noexcept { return view(); }
    /** As C takes it: NULL when it is left out. */
    const char *or_null() const noexcept {
        return kept_ ? detail::refusing_nul(kept_->c_str(), kept_->size()) : lent_;
    }

  private:
    std::optional<std::string> kept_;
    const char *lent_ = nullptr;
};

namespace detail {

inline std::optional<text> maybe(const char *given) noexcept {
    return given == nullptr ? std::nullopt : std::optional<text>(given);
}

inline std::string_view bytes(const std::uint8_t *data, std::size_t length) noexcept {
    return data == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char *>(data), length);
}

} // namespace detail

} // namespace TIEBACK_FORM
} // namespace tieback

/** Texts hash as what they view. */
template <> struct std::hash<tieback::text> {
    std::size_t operator()(tieback::text hashed) const noexcept { return std::hash<std::string_view>()(hashed.view()); }
};

#endif
