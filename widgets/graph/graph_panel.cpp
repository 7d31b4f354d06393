// SPDX-License-Identifier: MIT
#include "widgets/graph/graph_panel.h"

#include "core/viewmodel/shown_text.h"
#include "widgets/graph/graph_view.h"
#include "widgets/theme/combo_box.h"
#include "widgets/theme/focus_relay.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QShortcut>
#include <QStackedLayout>
#include <QToolButton>
#include <QVBoxLayout>

namespace eventops {
namespace {

constexpr double ZoomButtonStep = 1.4;
constexpr int SearchCharacters = 28;

QLabel *makeLabel(Theme::FontRole role, QPalette::ColorRole color)
{
    auto *label = new QLabel;
    label->setTextFormat(Qt::PlainText);
    label->setFont(Theme::instance().font(role));
    label->setForegroundRole(color);
    return label;
}

} // namespace

QWidget *makeGraphView(ViewContext &context, QWidget *parent)
{
    return new GraphPanel(context, parent);
}

GraphPanel::GraphPanel(ViewContext &context, QWidget *parent) : QWidget(parent), m_model(context)
{
    m_canvas = new GraphCanvas(m_model);
    auto *bar = makeBar();
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(bar);
    m_pages = new QStackedLayout;
    column->addLayout(m_pages, 1);
    m_pages->addWidget(makeMessage()); // it shows its first page at once: that must not be a window of its own
    m_pages->addWidget(m_canvas);
    auto *find = new QShortcut(QKeySequence::Find, this);
    find->setContext(Qt::WidgetWithChildrenShortcut);
    const auto toSearch = [this] {
        m_search->setFocus(Qt::ShortcutFocusReason);
        m_search->selectAll();
    };
    connect(find, &QShortcut::activated, this, toSearch);
    connect(m_canvas, &GraphCanvas::searchRequested, this, toSearch);
    connect(m_canvas, &GraphCanvas::neighbourhoodChanged, this, &GraphPanel::neighbourhoodChanged);
    connect(&m_model, &GraphModel::stateChanged, this, &GraphPanel::stateChanged);
    connect(&m_model, &GraphModel::graphChanged, this, &GraphPanel::graphChanged);
    connect(&m_model, &GraphModel::findingsChanged, this, &GraphPanel::graphChanged);
    relayFocus(*this, *m_canvas);
    stateChanged();
    graphChanged();
    neighbourhoodChanged();
}

QToolButton *GraphPanel::makeButton(const QString &text, const QString &tip)
{
    auto *button = new QToolButton;
    button->setText(text);
    button->setToolTip(tip);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::TabFocus);
    return button;
}

QWidget *GraphPanel::makeBar()
{
    auto *bar = new QWidget;
    auto *row = new QHBoxLayout(bar);
    const int space = themeMetric("space1"), aside = themeMetric("space2");
    row->setContentsMargins(aside, space, aside, space);
    row->setSpacing(space);
    m_search = new QLineEdit;
    m_search->setPlaceholderText(tr("Find an entity (Ctrl+F)"));
    m_search->setClearButtonEnabled(true);
    m_search->setMaxLength(static_cast<int>(ShownNameMax));
    const int buttons = 2 * themeMetric("iconSize");
    m_search->setFixedWidth(fontMetrics().averageCharWidth() * SearchCharacters + buttons);
    m_search->installEventFilter(this);
    m_found = makeLabel(Theme::FontRole::Small, QPalette::PlaceholderText);
    m_counts = makeLabel(Theme::FontRole::Small, QPalette::PlaceholderText);
    m_counts->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_counts->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_focus = makeButton(tr("Neighbourhood"), tr("Dim all but what is near the selected entity (N)"));
    m_focus->setCheckable(true);
    m_hops = new ComboBox;
    for (int hops = 1; hops <= GraphCanvas::HopsMax; ++hops)
        m_hops->addItem(tr("%n hop(s)", nullptr, hops), hops);
    m_hops->setItemText(0, tr("1 hop"));
    m_hops->setItemText(1, tr("2 hops"));
    m_hops->setItemText(2, tr("3 hops"));
    m_hops->setToolTip(tr("How far the neighbourhood reaches (1, 2, 3)"));
    auto *in = makeButton(QStringLiteral("+"), tr("Zoom in (+)"));
    auto *out = makeButton(QString(QChar(0x2212)), tr("Zoom out (-)"));
    auto *whole = makeButton(tr("Fit"), tr("Show the whole graph (0)"));
    for (QWidget *widget : std::initializer_list<QWidget *>{m_search, m_found})
        row->addWidget(widget);
    row->addWidget(m_counts, 1);
    for (QWidget *widget : std::initializer_list<QWidget *>{m_focus, m_hops, out, in, whole})
        row->addWidget(widget);
    connect(m_search, &QLineEdit::textChanged, this, &GraphPanel::search);
    connect(m_focus, &QToolButton::clicked, m_canvas, &GraphCanvas::setFocused);
    connect(m_hops, &ComboBox::activated, m_canvas, [this](int index) {
        m_canvas->setHops(index + 1);
        m_canvas->setFocused(true);
    });
    connect(in, &QToolButton::clicked, m_canvas, [this] { m_canvas->zoomBy(ZoomButtonStep); });
    connect(out, &QToolButton::clicked, m_canvas, [this] { m_canvas->zoomBy(1 / ZoomButtonStep); });
    connect(whole, &QToolButton::clicked, m_canvas, &GraphCanvas::fit);
    return bar;
}

QWidget *GraphPanel::makeMessage()
{
    auto *page = new QWidget;
    auto *column = new QVBoxLayout(page);
    column->setSpacing(themeMetric("space3"));
    m_title = makeLabel(Theme::FontRole::Title, QPalette::WindowText);
    m_text = makeLabel(Theme::FontRole::Body, QPalette::PlaceholderText);
    m_text->setWordWrap(true);
    m_title->setAlignment(Qt::AlignCenter);
    m_text->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    m_retry = new QPushButton(tr("Try again"));
    connect(m_retry, &QPushButton::clicked, &m_model, &GraphModel::reload);
    column->addStretch(2);
    column->addWidget(m_title);
    column->addWidget(m_text);
    column->addWidget(m_retry, 0, Qt::AlignHCenter);
    column->addStretch(3);
    return page;
}

void GraphPanel::say(const QString &title, const QString &text, bool retry)
{
    m_title->setText(title);
    m_text->setText(text);
    m_retry->setVisible(retry);
    m_pages->setCurrentIndex(0);
}

void GraphPanel::stateChanged()
{
    switch (m_model.state()) {
    case GraphModel::State::Loading:
        say(tr("Reading entities and links…"), tr("The graph appears as soon as they are here."), false);
        break;
    case GraphModel::State::Placing:
        say(tr("Laying out the graph…"), tr("Entities that are linked find their places beside each other."), false);
        break;
    case GraphModel::State::Empty:
        say(tr("No entities yet"),
            tr("Entities and their links appear here as soon as events name them. Open a capture or start the demo."),
            false);
        break;
    case GraphModel::State::Failed:
        if (m_model.graph().nodes.empty())
            say(tr("The graph cannot be read"), m_model.errorText(), true);
        break;
    case GraphModel::State::Ready: m_pages->setCurrentIndex(1); break;
    }
    const bool drawn = m_pages->currentIndex() == 1;
    for (QWidget *widget : std::initializer_list<QWidget *>{m_search, m_focus, m_hops})
        widget->setEnabled(drawn);
    graphChanged();
}

void GraphPanel::graphChanged()
{
    const GraphSnapshot &graph = m_model.graph();
    if (m_model.state() == GraphModel::State::Failed && !graph.nodes.empty()) {
        m_counts->setText(tr("Not up to date: %1").arg(m_model.errorText()));
        return;
    }
    if (graph.nodes.empty()) {
        m_counts->clear();
        return;
    }
    QString text = tr("%1 entities, %2 links").arg(shownCount(graph.nodes.size()), shownCount(graph.links.size()));
    if (graph.nodesWithFindings > 0)
        text += tr(", %1 with open findings").arg(shownCount(graph.nodesWithFindings));
    if (graph.entitiesLeftOut > 0)
        text += tr(" (%1 less busy ones are not drawn)").arg(shownCount(graph.entitiesLeftOut));
    m_counts->setText(text);
    m_counts->setToolTip(Qt::convertFromPlainText(text));
    search(m_search->text());
}

void GraphPanel::neighbourhoodChanged()
{
    m_focus->setChecked(m_canvas->isFocused());
    m_hops->setCurrentIndex(m_canvas->hops() - 1);
}

void GraphPanel::search(const QString &text)
{
    m_matches = m_model.find(text);
    m_match = -1;
    m_canvas->setFound(m_matches);
    if (text.trimmed().isEmpty())
        m_found->clear();
    else if (m_matches.empty())
        m_found->setText(tr("none found"));
    else if (m_matches.size() >= GraphModel::FoundMax)
        m_found->setText(tr("%1 or more; Enter: next").arg(GraphModel::FoundMax));
    else
        m_found->setText(tr("%1 found; Enter: next").arg(m_matches.size()));
}

/// Selects and centres the next or the previous entity found.
void GraphPanel::showFound(int step)
{
    if (m_matches.empty())
        return;
    const int count = static_cast<int>(m_matches.size());
    m_match = m_match < 0 && step < 0 ? count - 1 : (m_match + step + count) % count;
    const int node = m_matches[static_cast<std::size_t>(m_match)];
    m_model.select(node);
    m_canvas->centerOn(node);
    m_found->setText(tr("%1 of %2").arg(m_match + 1).arg(count));
}

bool GraphPanel::eventFilter(QObject *watched, QEvent *event)
{
    if (watched != m_search || event->type() != QEvent::KeyPress)
        return QWidget::eventFilter(watched, event);
    const auto *key = static_cast<QKeyEvent *>(event);
    const bool enter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
    if (enter || key->key() == Qt::Key_Down || key->key() == Qt::Key_Up) {
        const bool back = key->key() == Qt::Key_Up || (enter && key->modifiers().testFlag(Qt::ShiftModifier));
        showFound(back ? -1 : 1);
        return true;
    }
    if (key->key() == Qt::Key_Escape) {
        m_search->clear();
        m_canvas->setFocus(Qt::ShortcutFocusReason);
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace eventops
