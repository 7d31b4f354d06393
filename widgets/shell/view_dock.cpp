// SPDX-License-Identifier: MIT
#include "widgets/shell/view_dock.h"

#include "widgets/theme/icon.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>

namespace eventops {

ViewDock::ViewDock(const ViewSpec &spec, ViewContext &context, QWidget *parent)
    : QDockWidget(spec.title, parent), m_spec(spec), m_context(context)
{
    setObjectName(QStringLiteral("dock.") + spec.id);
    setWindowIcon(themeIcon(spec.icon));
    m_title = makeTitle();
    m_noTitle = new QWidget(this);
    auto *none = new QHBoxLayout(m_noTitle);
    none->setContentsMargins(0, 0, 0, 0);
    setTitleBarWidget(m_title);
    m_noTitle->hide();
    connect(this, &QDockWidget::visibilityChanged, this, [this](bool inFront) { m_inFront = inFront; });
    auto *placeholder = new QWidget(this);
    placeholder->setAutoFillBackground(true);
    setWidget(placeholder);
}

QWidget *ViewDock::makeTitle()
{
    auto *title = new QFrame(this);
    title->setObjectName(QStringLiteral("dockTitle"));
    title->setToolTip(Qt::convertFromPlainText(m_spec.summary));
    auto *row = new QHBoxLayout(title);
    row->setContentsMargins(themeMetric("space3"), themeMetric("space1"), themeMetric("space1"), themeMetric("space1"));
    row->setSpacing(themeMetric("space2"));
    auto *icon = new QToolButton(title); // draws its icon anew in every theme
    icon->setIcon(themeIcon(m_spec.icon, QStringLiteral("textMuted")));
    icon->setFocusPolicy(Qt::NoFocus);
    icon->setAttribute(Qt::WA_TransparentForMouseEvents);
    auto *text = new QLabel(m_spec.title, title);
    text->setTextFormat(Qt::PlainText);
    QFont font = Theme::instance().font(Theme::FontRole::Body);
    font.setWeight(QFont::DemiBold);
    text->setFont(font);
    auto *close = new QToolButton(title);
    close->setIcon(themeIcon(QStringLiteral("x"), QStringLiteral("textMuted")));
    close->setToolTip(tr("Hide; the View menu brings it back"));
    close->setAccessibleName(tr("Hide %1").arg(m_spec.title));
    close->setFocusPolicy(Qt::NoFocus);
    connect(close, &QToolButton::clicked, this, &QDockWidget::close);
    row->addWidget(icon);
    row->addWidget(text, 1);
    row->addWidget(close);
    return title;
}

QWidget *ViewDock::view()
{
    if (m_view == nullptr) {
        QWidget *placeholder = widget();
        m_view = m_spec.factory(m_context, this);
        m_view->setAccessibleName(m_spec.title);
        setWidget(m_view);
        placeholder->deleteLater();
    }
    return m_view;
}

void ViewDock::setTitleShown(bool shown)
{
    QWidget *wanted = shown ? m_title : m_noTitle;
    if (titleBarWidget() == wanted)
        return;
    titleBarWidget()->hide();
    setTitleBarWidget(wanted);
    wanted->show();
}

} // namespace eventops
