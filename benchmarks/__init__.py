"""What attnviz costs, as ratios measured in one run."""
