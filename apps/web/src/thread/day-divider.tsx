const format = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

export const DayDivider = ({ date }: { date: Date }) => {
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <li className="day">
      <time dateTime={date.toISOString()} dir="auto">
        {isToday ? 'Today' : format.format(date)}
      </time>
    </li>
  );
};
