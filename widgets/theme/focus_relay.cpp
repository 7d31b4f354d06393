// SPDX-License-Identifier: MIT
#include "widgets/theme/focus_relay.h"

#include <QEvent>
#include <QWidget>

namespace eventops {
namespace {

class FocusRelay final : public QObject
{
public:
    FocusRelay(QWidget &view, QWidget &content) : QObject(&view), m_view(view), m_content(content)
    {
        view.installEventFilter(this);
        content.installEventFilter(this);
    }

protected:
    bool eventFilter(QObject *object, QEvent *event) override
    {
        const bool arrives = object == &m_view && event->type() == QEvent::FocusIn;
        const bool appears = object == &m_content && event->type() == QEvent::Show;
        if ((arrives && m_content.isVisible()) || (appears && isAtHome()))
            m_content.setFocus(Qt::OtherFocusReason);
        return QObject::eventFilter(object, event);
    }

private:
    /// The view has the keyboard, and nothing in it that wants it.
    bool isAtHome() const
    {
        const QWidget *focus = m_view.window()->focusWidget();
        return focus == &m_view
               || (focus != nullptr && m_view.isAncestorOf(focus) && focus->focusPolicy() == Qt::NoFocus);
    }

    QWidget &m_view, &m_content;
};

} // namespace

void relayFocus(QWidget &view, QWidget &content)
{
    new FocusRelay(view, content); // the view owns it
}

} // namespace eventops
