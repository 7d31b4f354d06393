// SPDX-License-Identifier: MIT
#pragma once

#include <QObject>
#include <QString>

#include <vector>

namespace eventops::test {

/// A line of exceptions.tsv: what is not run over which back end, and why.
struct BackEndException {
    QStringList backEnds; ///< "remote", "kafka", "capture"
    QString className;
    QString function; ///< Empty: all of the class.
    QString row;      ///< Of the function's data; empty: all of them.
    QString reason;
};
const std::vector<BackEndException> &backEndExceptions();

/// In `init()` of every class of this folder: skips what cannot hold over the chosen back end, with the reason.
void skipWhereListed(const QObject &test);

} // namespace eventops::test
