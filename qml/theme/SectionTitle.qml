// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// Names a part of a card or of a list.
MutedText {
    font.weight: Font.DemiBold
    color: Theme.color.textMuted
}
