function beginDrawnBars(stage, box) {}
