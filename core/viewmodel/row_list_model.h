// SPDX-License-Identifier: MIT
#pragma once

#include <QAbstractListModel>
#include <QSet>
#include <QString>

#include <algorithm>
#include <utility>
#include <vector>

namespace eventops {

/// What every list of a view has besides its rows: whether it may be believed, and what to do when it is empty.
/// Thread: UI.
class StatedListModel : public QAbstractListModel
{
    Q_OBJECT
    Q_PROPERTY(State state READ state NOTIFY stateChanged)
    Q_PROPERTY(QString problem READ problem NOTIFY stateChanged)
    Q_PROPERTY(QString remedy READ remedy NOTIFY stateChanged)
    Q_PROPERTY(int count READ count NOTIFY countChanged)

public:
    enum State {
        Loading,  ///< The first answer is not there yet.
        Empty,    ///< Nothing to show, and nothing is being read.
        Learning, ///< Nothing to show yet; sources are being read.
        Ready,
        Failed,   ///< `problem` says why, `remedy` what helps; rows shown are those of the last good answer.
    };
    Q_ENUM(State)

    using QAbstractListModel::QAbstractListModel;
    State state() const { return m_state; }
    const QString &problem() const { return m_problem; }
    const QString &remedy() const { return m_remedy; }
    virtual int count() const = 0;

Q_SIGNALS:
    void stateChanged();
    void countChanged();

protected:
    void setState(State state, const QString &problem = {}, const QString &remedy = {});

private:
    State m_state = Loading;
    QString m_problem, m_remedy;
};

/// A list model over rows with a key: `replaceRows` tells views only what really changed, so that selection, scroll
/// position and motion survive a refresh. Row needs `QString key` (unique in the list) and operator==. Thread: UI.
template <typename Row>
class RowListModel : public StatedListModel
{
public:
    using StatedListModel::StatedListModel;

    int rowCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : count(); }
    int count() const override { return static_cast<int>(m_rows.size()); }
    const Row &rowAt(int row) const { return m_rows[static_cast<std::size_t>(row)]; }
    const std::vector<Row> &allRows() const { return m_rows; }
    /// -1: not there. O(n).
    int rowOf(const QString &key) const
    {
        const auto found = std::find_if(m_rows.begin(), m_rows.end(), [&](const Row &row) { return row.key == key; });
        return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
    }

protected:
    /// Makes the list @p next, of which a second row of one key is dropped. O(n), and O(n) more for each row that moved.
    void replaceRows(std::vector<Row> next)
    {
        const std::size_t before = m_rows.size();
        QSet<QString> keys;
        std::erase_if(next, [&](const Row &row) {
            const qsizetype size = keys.size();
            keys.insert(row.key);
            return keys.size() == size;
        });
        removeMissing(keys);
        const QSet<QString> known = keysOf(m_rows);
        for (std::size_t i = 0; i < next.size();) {
            if (i < m_rows.size() && m_rows[i].key == next[i].key) {
                i = updateRun(next, i);
                continue;
            }
            if (!known.contains(next[i].key)) {
                i = insertRun(next, i, known);
                continue;
            }
            const int at = rowOf(next[i].key); // behind i: all before it are as they should be
            beginMoveRows({}, at, at, {}, static_cast<int>(i));
            const auto from = m_rows.begin() + at;
            std::rotate(m_rows.begin() + static_cast<std::ptrdiff_t>(i), from, from + 1);
            endMoveRows();
        }
        if (m_rows.size() != before)
            Q_EMIT countChanged();
    }

private:
    static QSet<QString> keysOf(const std::vector<Row> &rows)
    {
        QSet<QString> keys;
        for (const Row &row : rows)
            keys.insert(row.key);
        return keys;
    }

    void removeMissing(const QSet<QString> &wanted)
    {
        for (std::size_t end = m_rows.size(); end > 0;) {
            if (wanted.contains(m_rows[end - 1].key)) {
                --end;
                continue;
            }
            std::size_t first = end - 1;
            while (first > 0 && !wanted.contains(m_rows[first - 1].key))
                --first;
            beginRemoveRows({}, static_cast<int>(first), static_cast<int>(end - 1));
            m_rows.erase(m_rows.begin() + static_cast<std::ptrdiff_t>(first),
                         m_rows.begin() + static_cast<std::ptrdiff_t>(end));
            endRemoveRows();
            end = first;
        }
    }

    std::size_t updateRun(std::vector<Row> &next, std::size_t i)
    {
        if (m_rows[i] == next[i])
            return i + 1;
        const std::size_t first = i;
        while (i < next.size() && i < m_rows.size() && m_rows[i].key == next[i].key && !(m_rows[i] == next[i])) {
            m_rows[i] = std::move(next[i]);
            ++i;
        }
        Q_EMIT dataChanged(index(static_cast<int>(first)), index(static_cast<int>(i - 1)));
        return i;
    }

    std::size_t insertRun(std::vector<Row> &next, std::size_t first, const QSet<QString> &known)
    {
        std::size_t end = first + 1;
        while (end < next.size() && !known.contains(next[end].key))
            ++end;
        beginInsertRows({}, static_cast<int>(first), static_cast<int>(end - 1));
        m_rows.insert(m_rows.begin() + static_cast<std::ptrdiff_t>(first),
                      std::make_move_iterator(next.begin() + static_cast<std::ptrdiff_t>(first)),
                      std::make_move_iterator(next.begin() + static_cast<std::ptrdiff_t>(end)));
        endInsertRows();
        return end;
    }

    std::vector<Row> m_rows;
};

} // namespace eventops
