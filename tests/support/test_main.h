// SPDX-License-Identifier: MIT
#pragma once

#include <QtTest/QtTest>

#include <functional>
#include <memory>

namespace eventops::test {

/// Adds a test class to this executable. Used through EVENTOPS_TEST only.
bool registerTest(std::function<std::unique_ptr<QObject>()> make);

/// Runs the registered classes as the application's arguments say; the process's exit code.
int runTests();

} // namespace eventops::test

/// At the end of a tst_*.cpp: `EVENTOPS_TEST(TestHash)`. Then `#include "tst_hash.moc"`.
#define EVENTOPS_TEST(Class)                                           \
    static const bool Class##Registered = eventops::test::registerTest( \
        []() -> std::unique_ptr<QObject> { return std::make_unique<Class>(); });
