// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/row_list_model.h"

#include <QAbstractItemModelTester>
#include <QRandomGenerator>

using namespace eventops;

namespace {

struct Plain {
    QString key;
    int value = 0;
    bool operator==(const Plain &) const = default;
};

class PlainList final : public RowListModel<Plain>
{
public:
    QVariant data(const QModelIndex &index, int role) const override
    {
        return role == Qt::DisplayRole && index.isValid() ? QVariant(rowAt(index.row()).value) : QVariant();
    }
    using RowListModel::replaceRows;
};

std::vector<Plain> rowsOf(std::initializer_list<const char *> keys)
{
    std::vector<Plain> rows;
    for (const char *key : keys)
        rows.push_back({QString::fromLatin1(key), 0});
    return rows;
}

} // namespace

class TestRowListModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tellsOnlyWhatChanged()
    {
        PlainList list;
        const QAbstractItemModelTester tester(&list, QAbstractItemModelTester::FailureReportingMode::QtTest);
        list.replaceRows(rowsOf({"a", "b", "c"}));
        QSignalSpy inserted(&list, &QAbstractItemModel::rowsInserted);
        QSignalSpy removed(&list, &QAbstractItemModel::rowsRemoved);
        QSignalSpy moved(&list, &QAbstractItemModel::rowsMoved);
        QSignalSpy changed(&list, &QAbstractItemModel::dataChanged);
        QSignalSpy reset(&list, &QAbstractItemModel::modelReset);
        list.replaceRows(rowsOf({"a", "b", "c"}));
        QCOMPARE(inserted.size() + removed.size() + moved.size() + changed.size(), qsizetype(0));
        list.replaceRows(rowsOf({"x", "y", "a", "b", "c"}));
        QCOMPARE(inserted.size(), qsizetype(1));
        QCOMPARE(inserted.at(0).at(2).toInt(), 1);
        list.replaceRows(rowsOf({"x", "c"}));
        QCOMPARE(removed.size(), qsizetype(1));
        auto rows = rowsOf({"x", "c"});
        rows[1].value = 5;
        list.replaceRows(rows);
        QCOMPARE(changed.size(), qsizetype(1));
        QCOMPARE(changed.at(0).at(0).toModelIndex().row(), 1);
        list.replaceRows(rowsOf({"c", "x"}));
        QCOMPARE(moved.size(), qsizetype(1));
        QCOMPARE(reset.size(), qsizetype(0));
    }

    void dropsASecondRowOfAKey()
    {
        PlainList list;
        list.replaceRows(rowsOf({"a", "b", "a", "c", "b"}));
        QCOMPARE(list.count(), 3);
        QCOMPARE(list.rowOf(QStringLiteral("c")), 2);
        QCOMPARE(list.rowOf(QStringLiteral("z")), -1);
    }

    void anyListBecomesAnyOtherAndPositionsFollow()
    {
        QRandomGenerator random(7);
        PlainList list;
        const QAbstractItemModelTester tester(&list, QAbstractItemModelTester::FailureReportingMode::QtTest);
        for (int round = 0; round < 300; ++round) {
            std::vector<Plain> next;
            const int size = random.bounded(12);
            for (int i = 0; i < size; ++i)
                next.push_back({QString::number(random.bounded(15)), random.bounded(2)});
            QHash<QString, QPersistentModelIndex> before;
            for (int i = 0; i < list.count(); ++i)
                before.insert(list.rowAt(i).key, list.index(i));
            list.replaceRows(next);
            std::vector<Plain> wanted;
            for (const Plain &row : next) {
                if (std::none_of(wanted.begin(), wanted.end(), [&](const Plain &r) { return r.key == row.key; }))
                    wanted.push_back(row);
            }
            QCOMPARE(list.allRows().size(), wanted.size());
            QVERIFY(list.allRows() == wanted);
            for (auto it = before.begin(); it != before.end(); ++it)
                QCOMPARE(it->isValid() ? it->row() : -1, list.rowOf(it.key()));
        }
    }
};

EVENTOPS_TEST(TestRowListModel)
#include "tst_row_list_model.moc"
