/*
 * How objects are held: owned or borrowed, and the ranges over what is inside of them. Part of tieback.hpp.
 *
 * Each kind of object is one template over how it is held. `hook` owns: it moves, does not copy, and frees. `hook_view`
 * borrows: it copies, like a pointer. An owner converts to its view, unless it is a temporary, whose view would
 * dangle. The texts of an owner are views as well; those of a temporary owner are copies, so
 * `auto id = hooks.create(...).id();` is a `std::string`.
 *
 * An object that was moved from, and a view of nothing, is empty: its numbers are 0, its texts absent or "", its
 * ranges empty. It may be asked, assigned to and destroyed. A handle that was moved from fails each call with
 * `invalid_argument`.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_OBJECT_HPP
#define TIEBACK_OBJECT_HPP

#include "error.hpp"

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace tieback {
inline namespace TIEBACK_FORM {

namespace detail {

/* Ends each kind of object as its comment in tieback.h says. */
struct end {
    void operator()(tieback_bulk *ended) const noexcept { tieback_bulk_free(ended); }
    void operator()(tieback_cancel *ended) const noexcept { tieback_cancel_free(ended); }
    void operator()(tieback_deliveries *ended) const noexcept { tieback_deliveries_free(ended); }
    void operator()(tieback_delivery *ended) const noexcept { tieback_delivery_free(ended); }
    void operator()(tieback_delivery_iter *ended) const noexcept { tieback_delivery_iter_free(ended); }
    void operator()(tieback_engine *ended) const noexcept { tieback_engine_close(ended); }
    void operator()(tieback_event *ended) const noexcept { tieback_event_free(ended); }
    void operator()(tieback_hook *ended) const noexcept { tieback_hook_free(ended); }
    void operator()(tieback_hook_iter *ended) const noexcept { tieback_hook_iter_free(ended); }
    void operator()(tieback_hooks *ended) const noexcept { tieback_hooks_free(ended); }
    void operator()(tieback_idle_report *ended) const noexcept { tieback_idle_report_free(ended); }
    void operator()(tieback_integrity_report *ended) const noexcept { tieback_integrity_report_free(ended); }
    void operator()(tieback_notices *ended) const noexcept { tieback_notices_free(ended); }
    void operator()(tieback_published *ended) const noexcept { tieback_published_free(ended); }
    void operator()(tieback_purged *ended) const noexcept { tieback_purged_free(ended); }
    void operator()(tieback_resource *ended) const noexcept { tieback_resource_free(ended); }
    void operator()(tieback_resource_iter *ended) const noexcept { tieback_resource_iter_free(ended); }
    void operator()(tieback_resources *ended) const noexcept { tieback_resources_free(ended); }
    void operator()(tieback_restored *ended) const noexcept { tieback_restored_free(ended); }
    void operator()(tieback_service *ended) const noexcept { tieback_service_free(ended); }
    void operator()(tieback_stats *ended) const noexcept { tieback_stats_free(ended); }
    void operator()(tieback_trigger *ended) const noexcept { tieback_trigger_free(ended); }
    void operator()(tieback_trigger_iter *ended) const noexcept { tieback_trigger_iter_free(ended); }
    void operator()(tieback_triggers *ended) const noexcept { tieback_triggers_free(ended); }
    void operator()(char *ended) const noexcept { tieback_string_free(ended); }
};

template <class Raw> using holder = std::unique_ptr<Raw, end>;

/* For what an owner has in another way than a view. */
template <class Hold> using if_owner = std::enable_if_t<Hold::owns, int>;
template <class Hold> using if_view = std::enable_if_t<!Hold::owns, int>;

} // namespace detail

/** Holds an object and frees it. Moves; does not copy. */
template <class Raw> class owned {
  public:
    using raw_type = Raw;
    static constexpr bool owns = true;

    /** Empty. */
    owned() noexcept = default;
    /** Takes over what the C ABI has given. */
    explicit owned(Raw *given) noexcept : raw_(given) {}

    /** False after it was moved from. */
    explicit operator bool() const noexcept { return raw_ != nullptr; }
    /** For calls of the C ABI. It stays owned. */
    Raw *get() const noexcept { return raw_.get(); }
    /** Gives the object away: it is yours to end. */
    [[nodiscard]] Raw *release() noexcept { return raw_.release(); }

  protected:
    static std::string keep(const char *given) { return text(given).str(); }
    static std::string keep(std::string_view given) { return std::string(given); }
    static std::optional<std::string> keep_maybe(const char *given) {
        return given == nullptr ? std::nullopt : std::optional<std::string>(given);
    }

  private:
    detail::holder<Raw> raw_;
};

/** Looks at an object of somebody else, like a pointer. Valid as long as the owner, wherever that is moved. */
template <class Raw> class borrowed {
  public:
    using raw_type = Raw;
    static constexpr bool owns = false;

    /** Of nothing. */
    borrowed() noexcept = default;
    /** Looks at what the C ABI has lent. */
    explicit borrowed(const Raw *lent) noexcept : raw_(lent) {}

    /** False for a view of nothing. */
    explicit operator bool() const noexcept { return raw_ != nullptr; }
    /** For calls of the C ABI. */
    const Raw *get() const noexcept { return raw_; }

  protected:
    static text keep(const char *given) noexcept { return given; }
    static std::string_view keep(std::string_view given) noexcept { return given; }
    static std::optional<text> keep_maybe(const char *given) noexcept { return detail::maybe(given); }

  private:
    const Raw *raw_ = nullptr;
};

/** Walks by index through what an object has. Items are made when asked for, and are views or small values. */
template <class Item, class Of> class index_iterator {
    struct arrow {
        Item item;
        const Item *operator->() const noexcept { return &item; }
    };

  public:
    using value_type = Item;
    using reference = Item;
    using pointer = arrow;
    using difference_type = std::ptrdiff_t;
    /* As of `std::vector<bool>`: it jumps like a pointer, though an item is a value and not a reference. */
    using iterator_category = std::random_access_iterator_tag;
    using at_type = Item (*)(const Of *, std::size_t);

    index_iterator() noexcept = default;
    index_iterator(const Of *of, at_type at, std::size_t index) noexcept
        : of_(of), at_(at), index_(static_cast<difference_type>(index)) {}

    Item operator*() const { return (*this)[0]; }
    arrow operator->() const { return {(*this)[0]}; }
    Item operator[](difference_type n) const { return at_(of_, static_cast<std::size_t>(index_ + n)); }
    index_iterator &operator++() noexcept { return *this += 1; }
    index_iterator &operator--() noexcept { return *this -= 1; }
    index_iterator operator++(int) noexcept { return std::exchange(*this, *this + 1); }
    index_iterator operator--(int) noexcept { return std::exchange(*this, *this - 1); }
    index_iterator &operator+=(difference_type n) noexcept { return index_ += n, *this; }
    index_iterator &operator-=(difference_type n) noexcept { return index_ -= n, *this; }
    friend index_iterator operator+(index_iterator from, difference_type n) noexcept { return from += n; }
    friend index_iterator operator+(difference_type n, index_iterator from) noexcept { return from += n; }
    friend index_iterator operator-(index_iterator from, difference_type n) noexcept { return from -= n; }
    friend difference_type operator-(const index_iterator &left, const index_iterator &right) noexcept {
        return left.index_ - right.index_;
    }
    friend bool operator==(const index_iterator &left, const index_iterator &right) noexcept {
        return left.index_ == right.index_;
    }
    friend bool operator!=(const index_iterator &left, const index_iterator &right) noexcept {
        return left.index_ != right.index_;
    }
    friend bool operator<(const index_iterator &left, const index_iterator &right) noexcept {
        return left.index_ < right.index_;
    }
    friend bool operator>(const index_iterator &left, const index_iterator &right) noexcept { return right < left; }
    friend bool operator<=(const index_iterator &left, const index_iterator &right) noexcept { return !(right < left); }
    friend bool operator>=(const index_iterator &left, const index_iterator &right) noexcept { return !(left < right); }

  private:
    const Of *of_ = nullptr;
    at_type at_ = nullptr;
    difference_type index_ = 0;
};

/**
 * What an object has several of, such as a delivery's attempts. A view: valid as long as the object's owner.
 */
template <class Item, class Of> class range {
  public:
    using value_type = Item;
    using iterator = index_iterator<Item, Of>;
    using const_iterator = iterator;

    range(const Of *of, std::size_t size, typename iterator::at_type at) noexcept : of_(of), size_(size), at_(at) {}

    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    /** Past the end: an empty view or value. */
    Item operator[](std::size_t index) const { return at_(of_, index); }
    Item front() const { return (*this)[0]; }
    Item back() const { return (*this)[size_ - 1]; }
    iterator begin() const noexcept { return {of_, at_, 0}; }
    iterator end() const noexcept { return {of_, at_, size_}; }

  private:
    const Of *of_;
    std::size_t size_;
    typename iterator::at_type at_;
};

} // namespace TIEBACK_FORM
} // namespace tieback

#endif
