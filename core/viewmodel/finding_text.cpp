// SPDX-License-Identifier: MIT
#include "core/viewmodel/finding_text.h"

#include "core/base/json_scan.h"
#include "core/viewmodel/shown_text.h"

#include <QVariantMap>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace eventops {
namespace {

constexpr double TenthsMax = 1e15; ///< Beyond, a double has no tenths.

/// Whole tenths of the bits that sum to the rounded sum.
std::vector<qint64> tenthsOf(const std::vector<BitsTerm> &terms, std::size_t count)
{
    double sum = 0.0; // of the bits themselves: rounded as the sum is shown
    std::vector<qint64> tenths(count);
    std::vector<double> remainders(count);
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = 0; i < count; ++i) {
        const double scaled = std::isfinite(terms[i].bits) ? std::clamp(terms[i].bits * 10.0, -TenthsMax, TenthsMax) : 0;
        const double down = std::floor(scaled);
        sum += scaled / 10.0;
        tenths[i] = static_cast<qint64>(down);
        remainders[i] = scaled - down;
    }
    const qint64 whole = std::llround(shownBits(sum).toDouble() * 10.0);
    qint64 left = whole - std::accumulate(tenths.begin(), tenths.end(), qint64{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return remainders[a] > remainders[b]; });
    for (std::size_t i = 0; i < count && left > 0; ++i, --left)
        ++tenths[order[i]];
    return tenths;
}

} // namespace

QVariantList shownTerms(const Finding &finding)
{
    const std::size_t count = std::min(finding.terms.size(), TermsShownMax);
    const std::vector<qint64> tenths = tenthsOf(finding.terms, count);
    const qint64 sum = std::accumulate(tenths.begin(), tenths.end(), qint64{0});
    QVariantList list;
    for (std::size_t i = 0; i < count; ++i) {
        const BitsTerm &term = finding.terms[i];
        const double share = sum > 0 ? static_cast<double>(std::max<qint64>(tenths[i], 0)) / static_cast<double>(sum) : 0;
        list.append(QVariantMap{
            {QStringLiteral("name"), shownText(term.name, ShownNameMax)},
            {QStringLiteral("bits"), term.bits},
            {QStringLiteral("bitsText"), shownBits(static_cast<double>(tenths[i]) / 10.0)},
            {QStringLiteral("share"), std::min(share, 1.0)},
            {QStringLiteral("context"), shownText(term.context)},
            {QStringLiteral("observed"), shownText(term.observed)},
            {QStringLiteral("expected"), shownText(term.expected)},
            {QStringLiteral("samples"), shownCount(term.samples)},
        });
    }
    return list;
}

QString shownHeadline(const Finding &finding)
{
    std::string_view message = finding.message;
    if (!finding.terms.empty())
        message = message.substr(0, message.find("; expected "));
    if (message.empty())
        message = finding.name;
    return shownText(message);
}

QStringList evidenceIds(const Finding &finding)
{
    QStringList ids;
    std::size_t at = 0;
    std::string text;
    while (static_cast<std::size_t>(ids.size()) < EvidenceShownMax) {
        const auto item = jsonNext(finding.evidence, at);
        if (!item)
            break;
        if (item->value.kind != JsonSlice::Kind::String)
            continue;
        text.clear();
        appendJsonUnescaped(text, item->value.text);
        ids.append(exactText(text));
    }
    return ids;
}

EntityRef entityOf(const Finding &finding)
{
    return {exactText(finding.tenant), exactText(finding.entityType), exactText(finding.entityId)};
}

} // namespace eventops
