// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <array>
#include <cstdint>
#include <functional>
#include <tuple>
#include <type_traits>

// Every call of a Backend by number. What it takes and gives is read off its declaration, by both ends.
namespace eventops::wire {

template <auto Method>
struct Call;

/// The calls in the order of their numbers. Append only: a number means the same for ever.
template <auto... Methods>
struct CallList {
    static constexpr std::size_t count = sizeof...(Methods);
    /// The number of @p Method; `count`: it cannot be called from elsewhere.
    template <auto Method>
    static constexpr std::uint8_t number()
    {
        std::uint8_t at = 0, found = count;
        ((std::is_same_v<Call<Methods>, Call<Method>> ? void(found = at++) : void(++at)), ...);
        return found;
    }
    /// An array of what @p Make::make<Method>() gives for each.
    template <typename Make>
    static constexpr auto table()
    {
        return std::array{Make::template make<Methods>()...};
    }
};

using Calls =
    CallList<&Backend::events, &Backend::aggregate, &Backend::findings, &Backend::entities, &Backend::links,
             &Backend::actions, &Backend::expectations, &Backend::judgement, &Backend::stepMachines,
             &Backend::deadLetters, &Backend::audit, &Backend::eventRange, &Backend::eventColumns, &Backend::story,
             &Backend::health, &Backend::subscribe, &Backend::summary, &Backend::verifyAudit, &Backend::replay,
             &Backend::decisionDiff, &Backend::checkHistory, &Backend::promote, &Backend::decide, &Backend::graph,
             &Backend::causes, &Backend::giveFeedback, &Backend::redrive, &Backend::exportCapture, &Backend::sql,
             &Backend::sqlTables, &Backend::retention, &Backend::backup, &Backend::doctor, &Backend::ingest>;

template <typename T>
struct CallbackOf {
    static constexpr bool isPage = false, isDone = false;
};
template <typename T>
struct CallbackOf<std::function<void(T)>> {
    static constexpr bool isPage = true, isDone = false;
    using Value = T;
};
template <typename T>
struct CallbackOf<Done<T>> {
    static constexpr bool isPage = false, isDone = true;
    using Value = T;
};

/// What a call takes and gives: `Arguments` (a tuple of values), `Page` and `Answer`; void where there is none.
template <typename Member>
struct Signature;
template <typename... Parameters>
struct Signature<Ticket (Backend::*)(const Caller &, Parameters...)> {
private:
    template <typename P>
    using Callback = CallbackOf<std::decay_t<P>>;
    template <typename P>
    using Argument =
        std::conditional_t<Callback<P>::isPage || Callback<P>::isDone, std::tuple<>, std::tuple<std::decay_t<P>>>;
    template <bool Done, typename... P>
    struct Find {
        using Value = void;
    };
    template <bool Done, typename P, typename... Rest>
    struct Find<Done, P, Rest...> {
        template <typename C, bool Fits>
        struct Pick : Find<Done, Rest...> {
        };
        template <typename C>
        struct Pick<C, true> {
            using Value = typename C::Value;
        };
        using Value = typename Pick<Callback<P>, Done ? Callback<P>::isDone : Callback<P>::isPage>::Value;
    };

public:
    using Arguments = decltype(std::tuple_cat(std::declval<Argument<Parameters>>()...));
    using Page = typename Find<false, Parameters...>::Value;
    using Answer = typename Find<true, Parameters...>::Value;
};
template <auto Method>
using SignatureOf = Signature<decltype(Method)>;

/// A page that says how far something came: the newest stands for those before it.
template <typename Page>
inline constexpr bool isLevel =
    std::disjunction_v<std::is_same<Page, Change>, std::is_same<Page, RunProgress>, std::is_same<Page, RerunProgress>,
                       std::is_same<Page, ExportProgress>, std::is_same<Page, BackupProgress>>;

} // namespace eventops::wire
