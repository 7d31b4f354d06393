// SPDX-License-Identifier: MIT
//
// Runs every registered test class; each writes <results>/<Class>.xml (JUnit), which tests/trace reads.
#include "tests/support/test_main.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QDir>

#include <vector>

namespace eventops::test {
namespace {

std::vector<std::function<std::unique_ptr<QObject>()>> &tests()
{
    static std::vector<std::function<std::unique_ptr<QObject>()>> all;
    return all;
}

} // namespace

bool registerTest(std::function<std::unique_ptr<QObject>()> make)
{
    tests().push_back(std::move(make));
    return true;
}

/// `tst_x` runs all classes; `tst_x TestHash [function…]` runs one class, with Qt Test's own arguments after it.
int runTests()
{
    const QString results = QStringLiteral(EVENTOPS_TEST_RESULTS_DIR);
    QDir().mkpath(results);
    QStringList extra = QCoreApplication::arguments().mid(1);
    QString only;
    if (!extra.isEmpty() && !extra.front().startsWith(QLatin1Char('-')))
        only = extra.takeFirst();
    // Qt Test ends a function after five minutes; rounds that somebody asked for may take longer.
    if (qEnvironmentVariableIsSet("EVENTOPS_FAULT_ROUNDS") && !qEnvironmentVariableIsSet("QTEST_FUNCTION_TIMEOUT"))
        qputenv("QTEST_FUNCTION_TIMEOUT", "3600000");
    int failures = 0;
    int ran = 0;
    for (const auto &make : tests()) {
        const std::unique_ptr<QObject> test = make();
        const QString name = QString::fromLatin1(test->metaObject()->className());
        if (!only.isEmpty() && name != only)
            continue;
        QStringList arguments{QCoreApplication::arguments().front(), QStringLiteral("-o"), QStringLiteral("-,txt")};
        if (extra.isEmpty())
            arguments << QStringLiteral("-o") << results + QLatin1Char('/') + name + QStringLiteral(".xml,junitxml");
        failures += QTest::qExec(test.get(), arguments + extra) != 0 ? 1 : 0;
        ++ran;
    }
    return ran == 0 ? 2 : failures == 0 ? 0 : 1;
}

} // namespace eventops::test
