/*
 * Lists: pages, walks over page borders, bulk answers. Part of tieback.hpp.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_LISTS_HPP
#define TIEBACK_LISTS_HPP

#include "reports.hpp"
#include "things.hpp"

#include <iterator>
#include <memory>
#include <optional>

namespace tieback {
inline namespace TIEBACK_FORM {

namespace detail {

inline std::size_t size_of(const tieback_hooks *list) noexcept { return tieback_hooks_len(list); }
inline std::size_t size_of(const tieback_triggers *list) noexcept { return tieback_triggers_len(list); }
inline std::size_t size_of(const tieback_deliveries *list) noexcept { return tieback_deliveries_len(list); }
inline std::size_t size_of(const tieback_resources *list) noexcept { return tieback_resources_len(list); }
inline std::size_t size_of(const tieback_notices *list) noexcept { return tieback_notices_len(list); }

inline auto item_of(const tieback_hooks *list, std::size_t at) noexcept { return tieback_hooks_at(list, at); }
inline auto item_of(const tieback_triggers *list, std::size_t at) noexcept { return tieback_triggers_at(list, at); }
inline auto item_of(const tieback_deliveries *list, std::size_t at) noexcept { return tieback_deliveries_at(list, at); }
inline auto item_of(const tieback_resources *list, std::size_t at) noexcept { return tieback_resources_at(list, at); }
inline auto item_of(const tieback_notices *list, std::size_t at) noexcept { return tieback_notices_at(list, at); }

inline const char *next_of(const tieback_hooks *list) noexcept { return tieback_hooks_next_page(list); }
inline const char *next_of(const tieback_triggers *list) noexcept { return tieback_triggers_next_page(list); }
inline const char *next_of(const tieback_deliveries *list) noexcept { return tieback_deliveries_next_page(list); }
inline const char *next_of(const tieback_resources *list) noexcept { return tieback_resources_next_page(list); }

inline const char *json_of(const tieback_hooks *list) noexcept { return tieback_hooks_to_json(list); }
inline const char *json_of(const tieback_triggers *list) noexcept { return tieback_triggers_to_json(list); }
inline const char *json_of(const tieback_deliveries *list) noexcept { return tieback_deliveries_to_json(list); }
inline const char *json_of(const tieback_resources *list) noexcept { return tieback_resources_to_json(list); }
inline const char *json_of(const tieback_notices *list) noexcept { return tieback_notices_to_json(list); }

inline auto step(tieback_hook_iter *walk, tieback_hook **out, tieback_error **error) noexcept {
    return tieback_hook_iter_next(walk, out, error);
}
inline auto step(tieback_trigger_iter *walk, tieback_trigger **out, tieback_error **error) noexcept {
    return tieback_trigger_iter_next(walk, out, error);
}
inline auto step(tieback_delivery_iter *walk, tieback_delivery **out, tieback_error **error) noexcept {
    return tieback_delivery_iter_next(walk, out, error);
}
inline auto step(tieback_resource_iter *walk, tieback_resource **out, tieback_error **error) noexcept {
    return tieback_resource_iter_next(walk, out, error);
}

} // namespace detail

/**
 * A list in memory, of views: `for (tieback::notice_view notice : list)`, `list[0].kind()`.
 *
 * Ownership: it owns its items; views of them are valid until it is destroyed, also when it is moved meanwhile. A
 * temporary list gives none, except to a range-for that goes over it. Threads: any number may read it.
 */
template <class View, class Raw> class list : public owned<Raw> {
  public:
    using owned<Raw>::get;
    using owned<Raw>::owned;
    using value_type = View;
    using iterator = index_iterator<View, Raw>;
    using const_iterator = iterator;

    std::size_t size() const noexcept { return detail::size_of(get()); }
    bool empty() const noexcept { return size() == 0; }
    /** From 0; past the end a view of nothing. */
    View operator[](std::size_t index) const & noexcept TIEBACK_VIEWS_THIS { return at(get(), index); }
    View operator[](std::size_t index) const && = delete;
    View front() const & noexcept TIEBACK_VIEWS_THIS { return at(get(), 0); }
    View front() const && = delete;
    View back() const & noexcept TIEBACK_VIEWS_THIS { return at(get(), size() - 1); }
    View back() const && = delete;
    iterator begin() const noexcept TIEBACK_VIEWS_THIS { return {get(), &at, 0}; }
    iterator end() const noexcept TIEBACK_VIEWS_THIS { return {get(), &at, size()}; }
    /** `items`; on a page also `next`, unless it is the last one. */
    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return detail::json_of(get()); }
    std::string to_json() const && { return owned<Raw>::keep(detail::json_of(get())); }

  private:
    static View at(const Raw *of, std::size_t index) noexcept { return View(detail::item_of(of, index)); }
};

/** A list that is one page of a longer one. */
template <class View, class Raw> class page : public list<View, Raw> {
  public:
    using list<View, Raw>::get;
    using list<View, Raw>::list;

    /** Where the next page begins, for the query's `after`; not there on the last page. */
    std::optional<text> next_page() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(detail::next_of(get()));
    }
    std::optional<std::string> next_page() const && { return owned<Raw>::keep_maybe(detail::next_of(get())); }
};

using hooks = page<hook_view, tieback_hooks>;
using triggers = page<trigger_view, tieback_triggers>;
using deliveries = page<delivery_view, tieback_deliveries>;
using resources = page<resource_view, tieback_resources>;
using notices = list<notice_view, tieback_notices>;

/**
 * A walk through all items of a list, which fetches pages as it goes: `for (tieback::hook &hook : walk)`. One pass: a
 * second loop goes on behind the item where the first one stopped. In a loop, and by `next`, an error is thrown; the
 * walk can then go on where it was. Without exceptions, ask with `try_next`.
 *
 *     for (;;) {
 *         auto next = walk.try_next();
 *         if (!next) return next.error();
 *         if (!*next) break;        // the end
 *         use(**next);
 *     }
 *
 * Ownership: the walk owns the item that a loop is at; move it out to keep it (`kept.push_back(std::move(hook))`).
 * Moving the walk ends its iterators. Threads: one at a time.
 */
template <class Item, class Raw> class walk : public owned<Raw> {
  public:
    using owned<Raw>::get;
    using owned<Raw>::owned;

    /** The next item; at the end none. */
    result<std::optional<Item>> try_next() {
        auto stepped = detail::made<Item, typename Item::raw_type>(
            [this](auto out, auto error) { return detail::step(get(), out, error); });
        if (!stepped) {
            return std::move(stepped).error();
        }
        return *stepped ? std::optional<Item>(*std::move(stepped)) : std::optional<Item>();
    }

#if TIEBACK_EXCEPTIONS
    /** The next item; at the end none. */
    std::optional<Item> next() { return try_next().value(); }

    /** An input iterator. All that are at the end are equal, and so is one made empty. */
    class iterator {
      public:
        using value_type = Item;
        using reference = Item &;
        using pointer = Item *;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::input_iterator_tag;

        /** At the end. */
        iterator() noexcept = default;
        explicit iterator(walk *over) : over_(over) { ++*this; }

        Item &operator*() const noexcept { return *over_->at_; }
        Item *operator->() const noexcept { return &*over_->at_; }
        iterator &operator++() {
            walk *over = std::exchange(over_, nullptr); // at the end, if this throws
            over->at_.reset();
            over->at_ = over->next();
            over_ = over->at_ ? over : nullptr;
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator &left, const iterator &right) noexcept {
            return left.over_ == right.over_;
        }
        friend bool operator!=(const iterator &left, const iterator &right) noexcept { return !(left == right); }

      private:
        walk *over_ = nullptr;
    };

    /** Fetches the next item. */
    iterator begin() { return iterator(this); }
    iterator end() noexcept { return {}; }

  private:
    std::optional<Item> at_;
#endif
};

using hook_walk = walk<hook, tieback_hook_iter>;
using trigger_walk = walk<trigger, tieback_trigger_iter>;
using delivery_walk = walk<delivery, tieback_delivery_iter>;
using resource_walk = walk<resource, tieback_resource_iter>;

namespace detail {

/* What a bulk answer has for an item, by the kind of the call. */
template <class View> struct bulk_item;
template <> struct bulk_item<trigger_view> {
    static result<trigger_view> of(const tieback_bulk *answers, std::size_t at) {
        return trigger_view(tieback_bulk_trigger(answers, at));
    }
};
template <> struct bulk_item<published_view> {
    static result<published_view> of(const tieback_bulk *answers, std::size_t at) {
        return published_view(tieback_bulk_published(answers, at));
    }
};
template <> struct bulk_item<void> {
    static result<void> of(const tieback_bulk *, std::size_t) { return {}; }
};

} // namespace detail

/**
 * The answers of a call on many items, in the order of the items: each a result of its own. An item that failed does
 * not touch the others.
 *
 *     auto answers = engine.publish_many(events);
 *     for (tieback::result<tieback::published_view> answer : answers)
 *         if (!answer) complain(answer.error());
 *
 * Ownership: what succeeded is valid as long as one of the answers' copies; errors on their own. Copies share.
 * Threads: any number may read it.
 */
template <class View> class bulk {
  public:
    using value_type = result<View>;
    using iterator = index_iterator<result<View>, bulk>;
    using const_iterator = iterator;

    /** No answers. */
    bulk() noexcept = default;
    /** Takes over what the C ABI has given. */
    explicit bulk(tieback_bulk *given) : raw_(given, detail::end()) {}

    std::size_t size() const noexcept { return tieback_bulk_len(raw_.get()); }
    bool empty() const noexcept { return size() == 0; }
    /** From 0; past the end it is `invalid_argument`. */
    result<View> operator[](std::size_t index) const & { return at(this, index); }
    result<View> operator[](std::size_t index) const && = delete;
    iterator begin() const noexcept TIEBACK_VIEWS_THIS { return {this, &at, 0}; }
    iterator end() const noexcept TIEBACK_VIEWS_THIS { return {this, &at, size()}; }
    /** How many items failed. */
    std::size_t failed() const noexcept {
        std::size_t count = 0;
        for (std::size_t index = 0; index < size(); ++index) {
            count += tieback_bulk_status(raw_.get(), index) == TIEBACK_OK ? 0 : 1;
        }
        return count;
    }
    bool all_succeeded() const noexcept { return failed() == 0; }
    /** A list, in the order of the items: of each what it gave, or `error`. */
    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return tieback_bulk_to_json(raw_.get()); }
    std::string to_json() const && { return text(tieback_bulk_to_json(raw_.get())).str(); }
    /** For calls of the C ABI. */
    const tieback_bulk *get() const noexcept { return raw_.get(); }

  private:
    static result<View> at(const bulk *of, std::size_t index) {
        const tieback_status status = tieback_bulk_status(of->raw_.get(), index);
        if (status != TIEBACK_OK) {
            // The error shares in the answers, so that it can be thrown out of their life.
            return error(status, {of->raw_, tieback_bulk_error(of->raw_.get(), index)});
        }
        return detail::bulk_item<View>::of(of->raw_.get(), index);
    }

    std::shared_ptr<tieback_bulk> raw_;
};

} // namespace TIEBACK_FORM
} // namespace tieback

#endif
