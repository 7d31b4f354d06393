// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Models
import EventOps.Theme

// One action: a line while it is not the current one, else all that a decision rests on.
Card {
    id: card
    required property int index
    required property bool waiting
    required property string command
    required property string target
    required property string tenant
    required property string reason
    required property string policy
    required property string findingText
    required property int severity
    required property string bitsText
    required property var terms
    required property int evidenceCount
    required property string proposedAt
    required property string remaining
    required property real remainingShare
    required property bool urgent
    required property int phase
    required property string stateName
    required property string approver
    required property string decisionReason
    required property string output
    required property string past
    required property var sent
    signal activated()

    isCurrent: ListView.isCurrentItem
    isHovered: hover.hovered
    edge: waiting ? Theme.color[Theme.severityToken(severity)] : Theme.color.borderStrong
    height: content.implicitHeight + 2 * Theme.metric.space3
    Accessible.role: Accessible.ListItem
    Accessible.name: command + " " + target + ", " + (waiting ? remaining : stateName)

    HoverHandler { id: hover }
    TapHandler { onTapped: card.activated() }

    ColumnLayout {
        id: content
        spacing: Theme.metric.space3
        anchors {
            left: parent.left
            right: parent.right
            top: parent.top
            margins: Theme.metric.space3
            leftMargin: Theme.metric.space4
        }

        RowLayout {
            spacing: Theme.metric.space2

            SeverityMark {
                severity: card.severity
                isQuiet: !card.waiting
                Layout.alignment: Qt.AlignTop
                Layout.topMargin: Theme.metric.border * 2
            }
            ColumnLayout {
                spacing: Theme.metric.border * 2
                Layout.fillWidth: true

                PlainText {
                    text: card.command
                    font.weight: Font.DemiBold
                    font.pixelSize: card.isCurrent ? Theme.font.title : Theme.font.body
                    wrapMode: card.isCurrent ? Text.WrapAnywhere : Text.NoWrap
                    maximumLineCount: 3
                    Layout.fillWidth: true
                }
                MutedText {
                    text: card.tenant === "" ? card.target : card.target + " · " + card.tenant
                    font.pixelSize: Theme.font.body
                    wrapMode: card.isCurrent ? Text.WrapAnywhere : Text.NoWrap
                    maximumLineCount: 3
                    Layout.fillWidth: true
                }
            }
            Countdown {
                visible: card.waiting && card.remaining !== ""
                remaining: card.remaining
                share: card.remainingShare
                isUrgent: card.urgent
                Layout.alignment: Qt.AlignTop
            }
            PhaseMark {
                visible: !card.waiting
                phase: card.phase
                stateName: card.stateName
                Layout.alignment: Qt.AlignTop
            }
        }
        Loader {
            active: card.isCurrent
            visible: active
            Layout.fillWidth: true
            sourceComponent: ApprovalDetail {
                width: content.width
                approval: card
            }
        }
    }
}
