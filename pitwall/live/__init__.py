"""Keep a live feed or a played race on screen: connect, order, publish, lead and stand by."""
