// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"
#include "core/viewmodel/ui_bridge.h"

#include <QAbstractItemModel>
#include <QString>
#include <QTimer>

#include <vector>

namespace eventops {

class ViewContext;

/// Untrusted bytes as one line on which nothing is hidden: control, invisible and direction-turning characters and
/// bytes that are no UTF-8 stand as escapes ("\n", "\u{202E}", "\x80"). At most @p max units, then "…". O(max).
QString escapedText(std::string_view bytes, qsizetype max);
/// @p bytes of a record as a line of a hex dump: offset, bytes, characters ("." for what cannot be shown).
QString hexLine(std::string_view bytes, quint64 offset, int bytesPerLine);

/// The story of the selected event as a tree: raw bytes, what each stage changed, the stored event, findings with their
/// terms, actions, audit rows. Three columns: what, before or expected, after or seen. Follows the context's selection
/// and what happens to the event later. Thread: UI. Memory: bounded by StoryBytesMax and RowsMax.
class InspectorModel final : public QAbstractItemModel
{
    Q_OBJECT

public:
    enum class State { Empty, Loading, Ready, Failed };
    Q_ENUM(State)
    enum class Kind { Section, Note, Bytes, Field, Change, Finding, Term, Action, Audit };
    Q_ENUM(Kind)
    enum Role { KindRole = Qt::UserRole + 1, FullTextRole, BitsRole, SeverityRole };

    explicit InspectorModel(ViewContext &context, QObject *parent = nullptr);
    ~InspectorModel() override;

    State state() const { return m_state; }
    QString title() const { return m_title; } ///< Of the event: "order o-17 · cancelled".
    QString subtitle() const { return m_subtitle; }
    QString error() const { return m_error; }
    void setBytesPerLine(int bytes); ///< 8 or 16, by the room there is.

    QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    QModelIndex parent(const QModelIndex &child) const override;
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    static constexpr std::size_t RowsMax = 20'000;
    static constexpr qsizetype CellMax = 400;
    static constexpr qsizetype FullTextMax = 16'384;

Q_SIGNALS:
    void stateChanged();

private:
    struct Node {
        Kind kind;
        QString what, before, after, full;
        int parent; ///< -1: a section.
        int row;
        double bits = 0.0;
        int severity = 0;
        std::vector<int> children = {};
        bool sameAs(const Node &other) const;
    };
    class Builder;

    void load(const QString &eventId);
    void take(Result<EventStory> result);
    void rebuild();
    void setState(State state);

    ViewContext &m_context;
    ReceiverGuard m_guard;
    Ticket m_ticket;
    QTimer m_refresh;
    State m_state = State::Empty;
    QString m_eventId, m_title, m_subtitle, m_error;
    EventStory m_story;
    std::vector<Node> m_nodes;
    std::vector<int> m_sections;
    int m_bytesPerLine = 8;
    quint64 m_known = 0; ///< Findings and suggestions when we last asked.
    static constexpr int RefreshMs = 500;
};

} // namespace eventops
