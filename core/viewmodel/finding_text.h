// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/finding.h"
#include "core/viewmodel/view_context.h"

#include <QString>
#include <QStringList>
#include <QVariantList>

namespace eventops {

// What views show of a finding. Pure functions; thread: any. Everything is bounded and safe to show as plain text.

constexpr std::size_t EvidenceShownMax = 64;
constexpr std::size_t TermsShownMax = 16;

/// The terms as maps of {name, bits, bitsText, share, context, observed, expected, samples}; `share` is the part of
/// the sum, 0..1, and the texts of the bits sum to `sumText` to the last digit (largest remainder method).
QVariantList shownTerms(const Finding &finding);

/// The message without what the terms beside it say again.
QString shownHeadline(const Finding &finding);

/// Ids of the events that show it, exactly.
QStringList evidenceIds(const Finding &finding);

/// Exactly, for the selection.
EntityRef entityOf(const Finding &finding);

} // namespace eventops
