# certain, 1 party: prices
# has already is in its way: it has to release that first
import raddle

prices = raddle.RWLock()

with prices.reader:
    prices.writer.acquire()
