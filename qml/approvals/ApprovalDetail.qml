// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Models
import EventOps.Theme

// What a decision rests on: why, what happened before, what will be sent; and, once decided, what came of it.
ColumnLayout {
    id: detail
    required property Item card

    spacing: Theme.metric.space4

    PlainText {
        text: detail.card.findingText !== "" ? detail.card.findingText : detail.card.reason
        wrapMode: Text.Wrap
        maximumLineCount: 6
        Layout.fillWidth: true
    }
    OutcomeBlock {
        visible: !detail.card.waiting
        card: detail.card
        Layout.fillWidth: true
    }
    BitsTerms {
        visible: detail.card.terms.length > 0
        terms: detail.card.terms
        sumText: detail.card.bitsText
        Layout.fillWidth: true
    }
    ColumnLayout {
        visible: detail.card.terms.length === 0
        spacing: Theme.metric.space1
        Layout.fillWidth: true

        SectionTitle { text: qsTr("Why") }
        PlainText {
            text: qsTr("A rule or another system says so; surprise was not measured.")
            wrapMode: Text.Wrap
            Layout.fillWidth: true
        }
    }
    ColumnLayout {
        visible: detail.card.waiting
        spacing: Theme.metric.space1
        Layout.fillWidth: true

        SectionTitle { text: qsTr("The last times") }
        PlainText {
            text: detail.card.past !== "" ? qsTr("%1: %2").arg(detail.card.command).arg(detail.card.past)
                                          : qsTr("%1 was never decided on here.").arg(detail.card.command)
            wrapMode: Text.Wrap
            maximumLineCount: 3
            Layout.fillWidth: true
        }
    }
    ColumnLayout {
        spacing: Theme.metric.space1
        Layout.fillWidth: true

        SectionTitle { text: detail.card.waiting ? qsTr("What will be sent") : qsTr("What was decided on") }
        Rectangle {
            color: Theme.color.surfaceSunken
            radius: Theme.metric.space1
            implicitHeight: rows.implicitHeight + 2 * Theme.metric.space2
            Layout.fillWidth: true

            ColumnLayout {
                id: rows
                spacing: Theme.metric.space1
                anchors {
                    left: parent.left
                    right: parent.right
                    top: parent.top
                    margins: Theme.metric.space2
                }

                Repeater {
                    model: detail.card.sent

                    NamedRow {
                        required property var modelData
                        name: modelData.name
                        value: modelData.value
                        isMono: true
                        nameWidth: Theme.metric.space5 * 4
                        Layout.fillWidth: true
                    }
                }
            }
        }
    }
    MutedText {
        text: qsTr("%n event(s) as evidence", "", detail.card.evidenceCount)
              + (detail.card.policy !== "" ? " · " + qsTr("suggested by the policy %1").arg(detail.card.policy) : "")
              + (detail.card.proposedAt !== "" ? " · " + detail.card.proposedAt : "")
        wrapMode: Text.Wrap
        maximumLineCount: 3
        Layout.fillWidth: true
    }
}
